import Testing

/// The tags of an HTML page, read strictly: enough to tell that nothing broke out of its place.
struct PageSource {
  struct Tag: Hashable {
    var name: String
    var attributes: [String: String]
  }

  private(set) var tags: [Tag] = []
  /// What is wrong with the nesting or the spelling of tags.
  private(set) var problems: [String] = []

  private static let voids: Set = ["!DOCTYPE", "meta", "wbr"]

  init(_ source: String) {
    var open: [String] = []
    var rest = source[...]
    while let start = rest.firstIndex(of: "<") {
      rest = rest[rest.index(after: start)...]
      guard let end = rest.firstIndex(of: ">") else {
        problems.append("a tag without an end")
        return
      }
      let body = rest[..<end]
      rest = rest[rest.index(after: end)...]
      if body.hasPrefix("/") {
        let name = String(body.dropFirst())
        if open.popLast() != name { problems.append("</\(name)> closes another element") }
        continue
      }
      guard let tag = Self.tag(body) else {
        problems.append("not a tag: <\(body)>")
        continue
      }
      tags.append(tag)
      if !Self.voids.contains(tag.name) { open.append(tag.name) }
      // A style sheet holds no tags.
      if tag.name == "style", let close = rest.firstRange(of: "</style>") {
        rest = rest[close.lowerBound...]
      }
    }
    problems += open.map { "<\($0)> is not closed" }
  }

  /// A name, then attributes with values in double quotes or without values.
  private static func tag(_ body: Substring) -> Tag? {
    guard
      let match = body.wholeMatch(of: /(!?[A-Za-z][A-Za-z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"<]*")?)*)/)
    else { return nil }
    var attributes: [String: String] = [:]
    for attribute in match.2.matches(of: /([a-zA-Z-]+)(?:="([^"<]*)")?/) {
      attributes[String(attribute.1)] = attribute.2.map(String.init) ?? ""
    }
    return Tag(name: String(match.1), attributes: attributes)
  }
}
