public import Diagnostics

/// A value of a YAML document that knows where it stands: file, line and key path.
///
/// The accessors convert where mergekit and PyYAML would, and throw a ``Diagnostic`` at the node's
/// ``location`` where the text cannot be read as the type that the caller needs.
public struct YAMLNode: Sendable {
  public enum Content: Sendable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    case mapping([YAMLEntry])
  }

  public let content: Content
  /// What messages put first, usually the path of the file.
  public let file: String
  /// Line of the value (for an alias: of its anchor), counted from 1.
  public let line: Int
  /// Keys and indices that lead to the value, such as `models[1].parameters.density`; empty at the root.
  public let path: String

  init(_ content: Content, file: String, line: Int, path: String) {
    self.content = content
    self.file = file
    self.line = line
    self.path = path
  }

  /// `file: line 4: models[1].parameters.density`.
  public var location: String {
    path.isEmpty ? "\(file): line \(line)" : "\(file): line \(line): \(path)"
  }

  /// An error about this value.
  public func problem(_ problem: String, fix: String) -> Diagnostic {
    Diagnostic(problem, at: location, fix: fix)
  }

  /// Absent for every reader: an empty value, `~` or `null`.
  public var isNull: Bool {
    if case .scalar(let scalar) = content { scalar.resolved == .null } else { false }
  }

  public var scalar: YAMLScalar? {
    if case .scalar(let scalar) = content { scalar } else { nil }
  }

  public var isSequence: Bool { if case .sequence = content { true } else { false } }

  public var isMapping: Bool { if case .mapping = content { true } else { false } }

  /// What the value is, in words for messages.
  public var kind: String {
    switch content {
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .scalar(let scalar):
      switch scalar.resolved {
      case .null: "empty"
      case .bool, .integer, .real, .string: "'\(scalar.text)'"
      }
    }
  }
}

/// A key of a mapping with its value.
public struct YAMLEntry: Sendable {
  public let key: String
  /// Line of the key, counted from 1.
  public let line: Int
  public let value: YAMLNode
}

extension YAMLNode {
  /// - Parameter noun: What the mapping is, for the message, such as "the recipe".
  /// - Returns: The keys and values.
  /// - Throws: ``Diagnostic`` if the value is not a mapping.
  public func mapping(_ noun: String = "this value") throws(Diagnostic) -> YAMLMapping {
    guard case .mapping(let entries) = content else {
      throw problem("\(noun) must be a mapping, but is \(kind)", fix: "write it as 'key: value'")
    }
    return YAMLMapping(self, entries)
  }

  /// - Throws: ``Diagnostic`` if the value is not a list.
  public func sequence() throws(Diagnostic) -> [YAMLNode] {
    guard case .sequence(let elements) = content else {
      throw problem("must be a list, but is \(kind)", fix: "write it as [a, b] or as lines '- a'")
    }
    return elements
  }

  /// The scalar's text as written: `7`, `yes` and `1e-5` too are text to whom text is needed.
  ///
  /// - Throws: ``Diagnostic`` if the value is empty, a list or a mapping.
  public func string() throws(Diagnostic) -> String {
    guard case .scalar(let scalar) = content, scalar.resolved != .null else {
      throw problem("must be text, but is \(kind)", fix: "write the text, quoted if in doubt")
    }
    return scalar.text
  }

  /// A finite number; text that spells one counts (`1e-5`, which YAML 1.1 reads as text, and `"0.25"`).
  ///
  /// - Throws: ``Diagnostic`` for anything else, booleans and infinities included.
  public func double() throws(Diagnostic) -> Double {
    guard let scalar, let value = scalar.double else {
      throw problem("\(kind) is not a number", fix: "write a number, such as 0.5")
    }
    guard value.isFinite else {
      throw problem("\(kind) is not a finite number", fix: "write a finite number, such as 0.5")
    }
    return value
  }

  /// A whole number that fits in `Int`; `5.0` and `"5"` count.
  ///
  /// - Throws: ``Diagnostic`` for anything else.
  public func integer() throws(Diagnostic) -> Int {
    guard let value = scalar?.integer else {
      throw problem("\(kind) is not a whole number", fix: "write a whole number, such as 4")
    }
    return value
  }

  /// A whole number within `range`.
  ///
  /// - Throws: ``Diagnostic`` for anything else.
  public func integer(in range: ClosedRange<Int>) throws(Diagnostic) -> Int {
    let value = try integer()
    guard range.contains(value) else {
      throw problem(
        "value \(value) is outside \(range.lowerBound)...\(range.upperBound)",
        fix: "use a whole number in that range")
    }
    return value
  }

  /// A finite number within `range`.
  ///
  /// - Throws: ``Diagnostic`` for anything else.
  public func double(in range: ClosedRange<Double>) throws(Diagnostic) -> Double {
    let value = try double()
    guard range.contains(value) else {
      throw problem(
        "value \(value) is outside \(range.lowerBound)...\(range.upperBound)",
        fix: "use a number in that range")
    }
    return value
  }

  /// True or false; YAML 1.1's yes, no, on and off count, quoted or not, and so do 1 and 0.
  ///
  /// - Throws: ``Diagnostic`` for anything else.
  public func bool() throws(Diagnostic) -> Bool {
    guard let value = scalar?.bool else {
      throw problem("\(kind) is neither true nor false", fix: "write true or false")
    }
    return value
  }

  /// One of the names of a closed choice; `noun` says what a name stands for, such as "split".
  ///
  /// - Throws: ``Diagnostic`` with the nearest name.
  public func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ noun: String, of type: Choice.Type = Choice.self
  ) throws(Diagnostic) -> Choice {
    let name = try string()
    if let choice = Choice(rawValue: name) { return choice }
    throw unknownName(
      name, noun: noun, known: Choice.allCases.map(\.rawValue), at: location)
  }

  /// A list, or a single value that stands for a list of one.
  public var elements: [YAMLNode] {
    if case .sequence(let elements) = content { elements } else { [self] }
  }
}
