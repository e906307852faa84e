import Diagnostics
import Yams

/// Turns Yams' nodes into ``YAMLNode`` trees of bounded depth and size.
struct YAMLReader {
  /// Values of a document, aliases expanded.
  private static let maximumNodes = 500_000

  let file: String
  let maximumDepth: Int

  /// The roots that hold a value.
  func roots(of text: String) throws(Diagnostic) -> [YAMLNode] {
    var roots: [YAMLNode] = []
    var remaining = Self.maximumNodes
    do {
      let parser = try Yams.Parser(yaml: text, resolver: .basic, encoding: .utf8)
      while let node = try parser.nextRoot() {
        let root = try convert(node, path: "", depth: 0, remaining: &remaining)
        if !root.isNull { roots.append(root) }
      }
    } catch let error as Diagnostic {
      throw error
    } catch let error as YamlError {
      throw diagnostic(for: error)
    } catch {
      throw Diagnostic("cannot be read as YAML: \(error)", at: file, fix: "check the file")
    }
    return roots
  }

  private func convert(
    _ node: Node, path: String, depth: Int, remaining: inout Int
  ) throws(Diagnostic) -> YAMLNode {
    let line = node.mark?.line ?? 1
    if case .scalar = node {} else if depth >= maximumDepth { throw tooDeep(line: line) }
    remaining -= 1
    guard remaining >= 0 else {
      throw Diagnostic(
        "holds more than \(Self.maximumNodes) values", at: "\(file): line \(line)",
        fix: "check that this is the right file, and its aliases (*name)")
    }
    let content: YAMLNode.Content
    switch node {
    case .scalar(let scalar):
      content = .scalar(try convert(scalar, line: line, path: path))
    case .sequence(let sequence):
      var elements: [YAMLNode] = []
      for (index, element) in sequence.enumerated() {
        elements.append(
          try convert(
            element, path: "\(path)[\(index)]", depth: depth + 1, remaining: &remaining))
      }
      content = .sequence(elements)
    case .mapping(let mapping):
      content = .mapping(
        try entries(of: mapping, path: path, depth: depth, remaining: &remaining))
    case .alias(let alias):
      throw Diagnostic(
        "alias '*\(alias.anchor.rawValue)' has no anchor", at: "\(file): line \(line)",
        fix: "define the anchor before the alias, or write the value out")
    }
    return YAMLNode(content, file: file, line: line, path: path)
  }

  private func entries(
    of mapping: Node.Mapping, path: String, depth: Int, remaining: inout Int
  ) throws(Diagnostic) -> [YAMLEntry] {
    var own: [YAMLEntry] = []
    var merged: [YAMLEntry] = []
    for (key, value) in mapping {
      guard case .scalar(let name) = key else {
        throw Diagnostic(
          "a key must be text, not a list or a mapping",
          at: "\(file): line \(key.mark?.line ?? 1)", fix: "write the key as text, quoted if needed"
        )
      }
      if name.string == "<<", name.style == .plain {
        merged += try inherited(value, path: path, depth: depth, remaining: &remaining)
        continue
      }
      let place = path.isEmpty ? name.string : "\(path).\(name.string)"
      own.append(
        YAMLEntry(
          key: name.string, line: name.mark?.line ?? 1,
          value: try convert(value, path: place, depth: depth + 1, remaining: &remaining)))
    }
    var seen = Set(own.map(\.key))
    return own + merged.filter { seen.insert($0.key).inserted }
  }

  /// The entries that YAML 1.1's merge key `<<` brings in; earlier mappings win.
  private func inherited(
    _ value: Node, path: String, depth: Int, remaining: inout Int
  ) throws(Diagnostic) -> [YAMLEntry] {
    let sources: [Node] = if case .sequence(let list) = value { Array(list) } else { [value] }
    var entries: [YAMLEntry] = []
    for source in sources {
      guard case .mapping(let mapping) = source else {
        throw Diagnostic(
          "the merge key '<<' needs a mapping or a list of mappings",
          at: "\(file): line \(source.mark?.line ?? 1)", fix: "write '<<: *name'")
      }
      guard depth < maximumDepth else { throw tooDeep(line: source.mark?.line ?? 1) }
      entries += try self.entries(
        of: mapping, path: path, depth: depth + 1, remaining: &remaining)
    }
    return entries
  }

  private func convert(
    _ scalar: Node.Scalar, line: Int, path: String
  ) throws(Diagnostic) -> YAMLScalar {
    let text = scalar.string
    switch scalar.tag.rawValue {
    case Tag.Name.str.rawValue where scalar.style == .plain, "!":
      return YAMLScalar(quoted: text)
    case Tag.Name.str.rawValue, "":
      return scalar.style == .plain ? YAMLScalar(plain: text) : YAMLScalar(quoted: text)
    case Tag.Name.null.rawValue: return YAMLScalar(text: text, resolved: .null)
    case Tag.Name.bool.rawValue:
      if let value = YAMLScalar(plain: text).bool {
        return YAMLScalar(text: text, resolved: .bool(value))
      }
    case Tag.Name.int.rawValue:
      if let value = YAMLScalar(plain: text).integer {
        return YAMLScalar(text: text, resolved: .integer(value))
      }
    case Tag.Name.float.rawValue:
      if let value = YAMLScalar(plain: text).double {
        return YAMLScalar(text: text, resolved: .real(value))
      }
    default: break
    }
    let location = path.isEmpty ? "\(file): line \(line)" : "\(file): line \(line): \(path)"
    if scalar.tag.rawValue == "!function" {
      throw Diagnostic(
        "'!function \(text)' is Python code, which does not run here", at: location,
        fix: "write what it computes into the data")
    }
    throw Diagnostic(
      "the tag '\(scalar.tag.rawValue)' does not fit '\(text)'", at: location,
      fix: "remove the tag")
  }

  private func tooDeep(line: Int) -> Diagnostic {
    Diagnostic(
      "lists and mappings are nested more than \(maximumDepth) levels deep",
      at: "\(file): line \(line)", fix: "no document needs that depth; check the brackets")
  }
}

extension YAMLReader {
  private func diagnostic(for error: YamlError) -> Diagnostic {
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      if problem.hasPrefix("Maximum nesting level") { return tooDeep(line: mark.line) }
      return syntax(
        problem, context.map { " \($0.text) that starts at line \($0.mark.line)" } ?? "", mark)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "'\($0)'" }.joined(separator: ", ")
      return Diagnostic(
        "duplicate key \(names)", at: "\(file): line \(context.mark.line)",
        fix: "keep one of them: a mapping holds each key once")
    case .reader(let problem, _, let value, _):
      let character = value >= 0 ? " (U+\(String(value, radix: 16, uppercase: true)))" : ""
      return Diagnostic(
        "\(problem)\(character)", at: file, fix: "remove the character, or write it as an escape")
    case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
      return Diagnostic("cannot be read as YAML: \(error)", at: file, fix: "check the file")
    }
  }

  private func syntax(_ problem: String, _ context: String, _ mark: Mark) -> Diagnostic {
    Diagnostic(
      "YAML syntax error: \(problem)\(context)",
      at: "\(file): line \(mark.line), column \(mark.column)",
      fix: "check brackets, quotes, colons and indentation at and before this place")
  }
}
