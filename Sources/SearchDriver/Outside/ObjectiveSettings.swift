import Diagnostics
import Documents

/// An objective that is computed outside of this program.
///
/// `objective: ask` leaves the scoring to callers of `ask` and `tell`; otherwise a mapping names a
/// command, which gets one candidate as JSON on standard input and answers with JSON.
public struct ObjectiveSettings: Sendable, Hashable {
  /// What is run, word by word; nil: results come through `tell`.
  public var command: [String]?
  /// Seconds that one run of the command may take.
  public var timeLimit = 3600.0
  /// Further runs for a candidate whose run failed.
  public var retries = 2
  /// Runs at the same time; nil: one per processor.
  public var parallel: Int?
  /// Whether lower results are better.
  public var minimizes = false
  /// Whether equal candidates have equal scores.
  public var isExact = false

  private enum Direction: String, CaseIterable { case maximize, minimize }
  private enum Noise: String, CaseIterable { case sampling, none }

  init(_ node: YAMLNode) throws(Diagnostic) {
    if node.scalar?.text == "ask" { return }
    guard node.isMapping else {
      throw node.problem(
        "is \(node.kind)",
        fix: "write 'objective: ask', or 'objective: {command: [program, argument]}'")
    }
    let mapping = try node.mapping("'objective'")
    try mapping.rejectUnknownKeys(
      known: ["command", "time_limit", "retries", "parallel", "direction", "noise"])
    command = try Self.words(mapping.required("command"))
    if let node = mapping.optional("time_limit") {
      timeLimit = try Quantities.seconds(try node.string(), at: node.location)
    }
    retries = try mapping.optional("retries")?.integer(in: 0...100) ?? 2
    parallel = try mapping.optional("parallel")?.integer(in: 1...1024)
    if let node = mapping.optional("direction") {
      let direction: Direction = try node.choice("direction")
      minimizes = direction == .minimize
    }
    if let node = mapping.optional("noise") { isExact = try Self.isExact(node) }
  }

  /// `none` or `sampling`, under `objective` or under `search`.
  static func isExact(_ node: YAMLNode) throws(Diagnostic) -> Bool {
    let noise: Noise = try node.choice("noise")
    return noise == .none
  }

  /// A list of words, or one text that a shell runs.
  private static func words(_ node: YAMLNode) throws(Diagnostic) -> [String] {
    guard node.isSequence else { return ["/bin/sh", "-c", try node.string()] }
    var words: [String] = []
    for word in try node.sequence() { words.append(try word.string()) }
    guard let program = words.first, !program.isEmpty else {
      throw node.problem("names no program", fix: "write [program, argument, …]")
    }
    return words
  }
}
