/// The style sheet of a page: light and dark, wide and narrow, in the colours of Okabe and Ito, which
/// people with colour blindness tell apart; series also differ in shape or dashes.
enum PageStyle {
  static let text = """
    :root {
      color-scheme: light dark;
      --paper: #ffffff; --panel: #f4f6f8; --ink: #1a1d21; --quiet: #586069; --edge: #d5dae0;
      --accent: #0067a3; --good: #00704f; --bad: #b34700; --above: #0072b2; --below: #d55e00;
      --blue: #0072b2; --vermilion: #c95600; --green: #008a66; --purple: #a8508a; --gold: #8f6400;
      --dot: rgba(0, 114, 178, .75);
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #14171a; --panel: #1e2328; --ink: #e9ecef; --quiet: #a6afb8; --edge: #3a424a;
        --accent: #6cbcf0; --good: #4fcaa2; --bad: #f39a5b; --above: #2f86bf; --below: #c0621c;
        --blue: #62b5ec; --vermilion: #f0883e; --green: #3cc79c; --purple: #e08fc0; --gold: #e6b53a;
        --dot: rgba(98, 181, 236, .65);
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; padding: 0 20px 48px; max-width: 1080px; background: var(--paper);
      color: var(--ink); font: 16px/1.5 -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans",
        Arial, sans-serif;
    }
    header { padding-top: 28px; }
    h1 { margin: 0 0 12px; font-size: 30px; line-height: 1.2; overflow-wrap: anywhere; }
    h2 { margin: 44px 0 12px; padding-top: 12px; border-top: 1px solid var(--edge); font-size: 22px; }
    p, li { max-width: 76ch; overflow-wrap: anywhere; }
    a { color: var(--accent); }
    .kind { margin: 0; color: var(--quiet); }
    .lead {
      max-width: none; margin: 8px 0; padding: 10px 14px; border-left: 5px solid var(--edge);
      background: var(--panel); font-size: 18px;
    }
    .lead.better { border-color: var(--good); }
    .lead.worse { border-color: var(--bad); }
    .lead.open { border-color: var(--gold); }
    .warning { padding: 8px 14px; border-left: 5px solid var(--gold); background: var(--panel); }
    .facts {
      display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr)); gap: 12px;
      margin: 18px 0;
    }
    .facts div { padding: 10px 14px; border: 1px solid var(--edge); border-radius: 6px; }
    .facts dt { color: var(--quiet); font-size: 14px; }
    .facts dd { margin: 0; font-size: 20px; font-weight: 600; overflow-wrap: anywhere; }
    .facts .note { color: var(--quiet); font-size: 13px; font-weight: 400; }
    nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0; padding: 0; list-style: none; }
    .wide-table { overflow-x: auto; margin: 14px 0; container-type: inline-size; }
    table { min-width: min(100%, 480px); border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
    caption { padding: 4px 0 6px; color: var(--quiet); text-align: left; }
    caption span { display: block; position: sticky; left: 0; max-width: 100cqw; }
    th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--edge); text-align: left;
      vertical-align: top; }
    thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
    tbody th { min-width: 10em; font-weight: 400; overflow-wrap: anywhere; }
    tr > th:first-child { position: sticky; left: 0; background: var(--paper); }
    .number { text-align: right; white-space: nowrap; }
    tr.strong > th:first-child, tr.strong td { font-weight: 650; background: var(--panel); }
    details { margin: 12px 0; }
    summary { cursor: pointer; color: var(--accent); }
    code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .92em; }
    pre { overflow-x: auto; padding: 12px 14px; border: 1px solid var(--edge); border-radius: 6px;
      background: var(--panel); font-size: 13px; line-height: 1.45; }
    figure { margin: 18px 0; }
    .gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 4px 24px; }
    .gallery figure { margin: 8px 0; }
    figcaption { margin-bottom: 4px; font-weight: 600; overflow-wrap: anywhere; }
    footer { margin-top: 40px; color: var(--quiet); font-size: 14px; }
    .legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 0 4px; padding: 0;
      list-style: none; font-size: 14px; }
    .sample { width: 24px; height: 12px; margin-right: 6px; }
    .plot { display: block; width: 100%; height: auto; font-size: 12px; }
    .plot.wide { max-width: 1040px; }
    .plot.narrow { display: none; }
    .plot text { fill: var(--ink); }
    .plot .tick, .plot .axis-name { fill: var(--quiet); }
    .plot .name { paint-order: stroke; stroke: var(--paper); stroke-width: 3px;
      stroke-linejoin: round; }
    .plot .strong { font-weight: 650; }
    .plot .cell { font-size: 11px; }
    .grid { stroke: var(--edge); stroke-width: .7; fill: none; }
    .axis { stroke: var(--quiet); stroke-width: 1; fill: none; }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
    .dots { fill: none; stroke-width: 6; stroke-linecap: round; }
    .interval { fill: none; stroke-width: 2; }
    .reference { fill: none; stroke-width: 1.4; }
    .leader { fill: none; stroke-width: .8; }
    .mark { stroke: var(--paper); stroke-width: 1.2; }
    .above { fill: var(--above); }
    .below { fill: var(--below); }
    .s-candidate { stroke: var(--dot); }
    .dots.s-candidate { stroke-width: 5; }
    .s-best { stroke: var(--vermilion); }
    .s-mean { stroke: var(--quiet); }
    .line.s-mean { stroke-dasharray: 5 3; }
    .s-base { stroke: var(--quiet); }
    .reference.s-base { stroke-dasharray: 2 3; }
    .s-expert { stroke: var(--green); }
    .reference.s-expert { stroke-dasharray: 7 3; }
    .s-simple { stroke: var(--purple); }
    .reference.s-simple { stroke-dasharray: 9 3 2 3; }
    .s-front { stroke: var(--vermilion); }
    .s-rate { stroke: var(--blue); }
    .s-winner { stroke: var(--vermilion); }
    .mark.s-winner { fill: var(--vermilion); stroke: var(--paper); }
    .mark.s-base { fill: var(--quiet); stroke: var(--paper); }
    .mark.s-expert { fill: var(--green); stroke: var(--paper); }
    .mark.s-simple { fill: var(--purple); stroke: var(--paper); }
    @media (max-width: 640px) {
      body { padding: 0 14px 32px; font-size: 15px; }
      h1 { font-size: 24px; }
      .lead { font-size: 16px; }
      .facts { grid-template-columns: repeat(2, 1fr); gap: 8px; }
      .facts dd { font-size: 17px; }
      .plot.wide { display: none; }
      .plot.narrow { display: block; }
      tbody th { min-width: 8.5em; }
    }
    @media print {
      body { max-width: none; }
      nav { display: none; }
      .wide-table { overflow: visible; }
    }

    """
}
