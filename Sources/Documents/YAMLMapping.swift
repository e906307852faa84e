public import Diagnostics

/// A mapping being read; keys are unique and keep their order.
public struct YAMLMapping: Sendable {
  public let node: YAMLNode
  public let entries: [YAMLEntry]
  private let positions: [String: Int]

  init(_ node: YAMLNode, _ entries: [YAMLEntry]) {
    self.node = node
    self.entries = entries
    positions = Dictionary(
      entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
  }

  public var location: String { node.location }
  public var keys: [String] { entries.map(\.key) }

  /// The value, even if it is null; nil if the key is absent.
  public subscript(_ key: String) -> YAMLNode? { positions[key].map { entries[$0].value } }

  /// The value; nil if the key is absent or its value null.
  public func optional(_ key: String) -> YAMLNode? {
    guard let value = self[key], !value.isNull else { return nil }
    return value
  }

  /// - Throws: ``Diagnostic`` if the key is absent or its value null.
  public func required(_ key: String) throws(Diagnostic) -> YAMLNode {
    guard let value = self[key] else {
      throw node.problem("'\(key)' is missing", fix: "add '\(key): …'")
    }
    guard !value.isNull else {
      throw value.problem("'\(key)' has no value", fix: "write a value after '\(key):'")
    }
    return value
  }

  /// Refuses every key that is not among `known`, with the nearest known one as the fix.
  ///
  /// - Throws: ``Diagnostic`` for the first unknown key.
  public func rejectUnknownKeys(known: [String], noun: String = "key") throws(Diagnostic) {
    if let unknown = unknownKeys(known: known, noun: noun).first { throw unknown }
  }

  /// The errors of ``rejectUnknownKeys(known:noun:)`` for all unknown keys.
  public func unknownKeys(known: [String], noun: String = "key") -> [Diagnostic] {
    let known = Set(known).count == known.count ? known : known.uniqued()
    let names = Set(known)
    return entries.filter { !names.contains($0.key) }.map {
      unknownName($0.key, noun: noun, known: known, at: $0.value.locationOfKey(line: $0.line))
    }
  }

  /// An error about this mapping.
  public func problem(_ problem: String, fix: String) -> Diagnostic {
    node.problem(problem, fix: fix)
  }
}

extension YAMLNode {
  fileprivate func locationOfKey(line: Int) -> String { "\(file): line \(line): \(path)" }
}

extension [String] {
  fileprivate func uniqued() -> [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
