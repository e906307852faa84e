import Mustache

/// The forms of a page.
///
/// Everything in two braces is escaped; three braces hold markup of ours.
enum PageTemplates {
  static let page = template(
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <meta name="color-scheme" content="light dark">
    <meta name="generator" content="mergevolve">
    <title>{{title}}</title>
    <style>
    {{{style}}}</style>
    </head>
    <body>
    <header>
    <p class="kind">Report of a search for merges</p>
    <h1>{{title}}</h1>
    {{#lead}}
    <p class="lead {{tone}}">{{{prose}}}</p>
    {{/lead}}
    <dl class="facts">
    {{#facts}}
    <div><dt>{{name}}</dt><dd>{{value}}</dd>{{#note}}<dd class="note">{{.}}</dd>{{/note}}</div>
    {{/facts}}
    </dl>
    </header>
    <nav aria-label="Sections"><ul>
    {{#sections}}
    <li><a href="#{{id}}">{{title}}</a></li>
    {{/sections}}
    </ul></nav>
    <main>
    {{#sections}}
    <section id="{{id}}" aria-labelledby="{{id}}-title">
    <h2 id="{{id}}-title">{{title}}</h2>
    {{{body}}}</section>
    {{/sections}}
    </main>
    <footer><p>{{{footer}}}</p></footer>
    </body>
    </html>

    """)

  static let paragraph = template("<p>{{{prose}}}</p>\n")

  static let warning = template("<p class=\"warning\" role=\"note\">{{{prose}}}</p>\n")

  static let list = template(
    """
    <ul>
    {{#items}}
    <li>{{.}}</li>
    {{/items}}
    </ul>

    """)

  static let source = template("<pre tabindex=\"0\"><code>{{text}}</code></pre>\n")

  static let details = template(
    """
    <details>
    <summary>{{summary}}</summary>
    {{{body}}}</details>

    """)

  static let table = template(
    """
    <div class="wide-table" tabindex="0" role="region" aria-label="{{caption}}">
    <table>
    <caption><span>{{caption}}</span></caption>
    <thead><tr>{{#header}}<th scope="col"{{#isNumber}} class="number"{{/isNumber}}>{{text}}</th>{{/header}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr{{#isEmphasised}} class="strong"{{/isEmphasised}}><th scope="row"><bdi>{{{first}}}</bdi></th>{{#cells}}<td{{#isNumber}} class="number"{{/isNumber}}><bdi>{{text}}</bdi></td>{{/cells}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>

    """)

  static let gallery = template(
    """
    <div class="gallery">
    {{{body}}}</div>

    """)

  static let figure = template(
    """
    <figure>
    <figcaption>{{title}}</figcaption>
    {{#hasLegend}}
    <ul class="legend">
    {{#legend}}
    <li><svg class="sample" viewBox="0 0 24 12" aria-hidden="true"><path class="{{shape}} s-{{style}}" d="{{data}}"></path></svg>{{name}}</li>
    {{/legend}}
    </ul>
    {{/hasLegend}}
    {{{pictures}}}
    </figure>

    """)

  /// - Precondition: The text is a template.
  private static func template(_ text: String) -> MustacheTemplate {
    MustacheContentTypes.register(ScalarEscaping(), named: ScalarEscaping.name)
    do {
      return try MustacheTemplate(
        string: "{{% CONTENT_TYPE:\(ScalarEscaping.name)}}\n" + text)
    } catch {
      preconditionFailure("a template of the report: \(error)")
    }
  }
}

/// Escapes scalar by scalar, see ``escaped(_:)``; the library's own escaping looks at characters.
private struct ScalarEscaping: MustacheContentType {
  static let name = "MERGEVOLVE_HTML"

  func escapeText(_ text: String) -> String { escaped(text) }
}
