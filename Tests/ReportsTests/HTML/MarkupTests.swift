import Testing

@testable import Reports

@Suite("Markup") struct MarkupTests {
  @Test(
    "takes text only escaped",
    arguments: [
      ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
      ("\"it's\"", "&quot;it&#39;s&quot;"),
      // One character with its combining mark, for a browser still a quotation mark and a bracket.
      ("\"\u{301}<\u{338}", "&quot;\u{301}&lt;\u{338}"),
      ("\u{0}\u{1B}[2J\u{7F}\u{85}", "\u{FFFD}\u{FFFD}[2J\u{FFFD}\u{FFFD}"),
      ("\u{202E}evil\u{2066}", "\u{FFFD}evil\u{FFFD}"),
      ("line\n\tnext", "line\n\tnext"), ("größer 数字 🙂", "größer 数字 🙂"), ("", ""),
    ])
  func text(plain: String, source: String) {
    #expect(Markup(text: plain).source.unicodeScalars.elementsEqual(source.unicodeScalars))
  }

  @Test("lets names break after dots between letters only")
  func names() {
    #expect(Markup(name: "ties.weight.<a>[0]").source == "ties.<wbr>weight.&lt;a&gt;[0]")
    #expect(Markup(name: "task_arithmetic 0.7").source == "task_arithmetic 0.7")
    #expect(Markup(name: ".a.").source == ".<wbr>a." && Markup(name: "").source == "")
  }

  @Test("sets code between backquotes in pairs, escaped like the rest")
  func prose() {
    #expect(Markup(prose: "use `a < b` & go").source == "use <code>a &lt; b</code> &amp; go")
    #expect(Markup(prose: "one ` only").source == "one ` only")
  }

  @Test("nests elements and quotes attributes")
  func elements() {
    let markup = Markup.element(
      "g", ["class": "a\"b"], [.element("title", text: "<x>"), Markup(text: "&")])
    #expect(markup.source == "<g class=\"a&quot;b\"><title>&lt;x&gt;</title>&amp;</g>")
  }
}
