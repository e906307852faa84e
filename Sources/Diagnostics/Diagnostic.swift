/// The one error that users read: what is wrong, where, and what to do about it.
///
/// Printed as two lines, `location: problem` and `  fix: …`. The location names the file and,
/// inside it, the key, line or tensor, such as `merge.yaml: models[1].parameters.density`.
public struct Diagnostic: Error, Hashable, Sendable, Codable, CustomStringConvertible {
  public var problem: String
  public var location: String
  public var fix: String

  public init(_ problem: String, at location: String, fix: String) {
    self.problem = problem
    self.location = location
    self.fix = fix
  }

  public var description: String {
    location.isEmpty ? "\(problem)\n  fix: \(fix)" : "\(location): \(problem)\n  fix: \(fix)"
  }
}

/// Everything a check of a whole document or search found wrong, shown at once.
public struct DiagnosticList: Error, Sendable, CustomStringConvertible {
  /// Never empty, in the order in which a reader meets the problems.
  public let all: [Diagnostic]

  public init(_ all: [Diagnostic]) {
    precondition(!all.isEmpty, "a collection of diagnostics needs at least one")
    self.all = all
  }

  public var description: String { all.map(\.description).joined(separator: "\n") }
}
