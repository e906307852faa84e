/// HTML or SVG source into which text can enter only escaped.
struct Markup: Sendable, Hashable {
  private(set) var source: String

  private init(source: String) { self.source = source }

  /// Nothing.
  init() { source = "" }

  /// Plain text, whatever it contains.
  init(text: String) { source = escaped(text) }

  /// Plain text that may be broken after a dot between letters, as in `ties.weight.numerals[0]`.
  init(name: String) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    source = parts.dropFirst().reduce(escaped(parts.first ?? "")) { source, part in
      source + (part.first?.isLetter == true ? ".<wbr>" : ".") + escaped(part)
    }
  }

  /// Sentences of ours; what stands between two backquotes is code.
  init(prose: String) {
    let parts = prose.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
    let isPaired = parts.count % 2 == 1
    source =
      isPaired
      ? parts.enumerated().map { index, part in
        index % 2 == 0 ? escaped(part) : "<code>\(escaped(part))</code>"
      }.joined() : escaped(prose)
  }

  /// What one of our own templates made of escaped values.
  init(rendered source: String) { self.source = source }

  /// An element; attribute values are plain text.
  static func element(
    _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:],
    _ children: [Markup] = []
  ) -> Markup {
    var source = "<\(name)"
    for (key, value) in attributes { source += " \(key)=\"\(escaped(value))\"" }
    source += ">"
    for child in children { source += child.source }
    return Markup(source: source + "</\(name)>")
  }

  static func element(
    _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], text: String
  ) -> Markup {
    element(name, attributes, [Markup(text: text)])
  }

  static func + (left: Markup, right: Markup) -> Markup {
    Markup(source: left.source + right.source)
  }
}

/// Text as element content or as an attribute's value.
///
/// Works on scalars: a combining mark makes one character of itself and a quotation mark before it,
/// which a browser still reads as a quotation mark. Control characters, which HTML cannot hold, and
/// those that turn the direction of text become U+FFFD.
func escaped(_ text: String) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result.append(contentsOf: "&amp;".unicodeScalars)
    case "<": result.append(contentsOf: "&lt;".unicodeScalars)
    case ">": result.append(contentsOf: "&gt;".unicodeScalars)
    case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
    case "'": result.append(contentsOf: "&#39;".unicodeScalars)
    case "\n", "\t": result.append(scalar)
    case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
      result.append("\u{FFFD}")
    default: result.append(scalar)
    }
  }
  return String(result)
}
