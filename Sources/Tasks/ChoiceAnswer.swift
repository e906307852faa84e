import Diagnostics
import Documents
import Templates

/// The right choice of an item, or several where more than one is accepted.
struct ChoiceAnswer: Sendable, Hashable {
  /// Never empty; each lies within the choices.
  let indices: [Int]

  /// Reads an index, a truth value (true is 1), a choice's text, or a list of these.
  ///
  /// A text of digits is an index if a template produced it (`isRendered`); a column's text is a choice.
  /// - Throws: ``Diagnostic`` at the row for an index out of range or a text that is no choice.
  init(
    _ value: JSONValue, isRendered: Bool, choices: [String], row: TaskRow
  ) throws(Diagnostic) {
    if case .array(let values) = value {
      guard !values.isEmpty else {
        throw Diagnostic(
          "the list of answers is empty", at: row.location, fix: "name at least one right choice")
      }
      var indices: [Int] = []
      for value in values {
        indices.append(try Self.index(value, isRendered: isRendered, choices: choices, row: row))
      }
      self.indices = indices
    } else {
      indices = [try Self.index(value, isRendered: isRendered, choices: choices, row: row)]
    }
  }

  private static func index(
    _ value: JSONValue, isRendered: Bool, choices: [String], row: TaskRow
  ) throws(Diagnostic) -> Int {
    switch value {
    case .bool(let flag):
      return try checked(flag ? 1 : 0, choices, row)
    case .number(let literal):
      guard let index = value.integer ?? value.double.flatMap(Int.init(exactly:)) else {
        throw Diagnostic(
          "the answer \(literal) is no index", at: row.location,
          fix: "write the index of the right choice, counted from 0, or its text")
      }
      return try checked(index, choices, row)
    case .string(let text):
      if isRendered, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let index = Int(text)
      {
        return try checked(index, choices, row)
      }
      if let index = choices.firstIndex(where: { $0.utf8.elementsEqual(text.utf8) }) {
        return index
      }
      throw Diagnostic(
        "the answer '\(text)' is none of the choices", at: row.location,
        fix: "write the index of the right choice, counted from 0, or its exact text")
    default:
      throw Diagnostic(
        "the answer is \(FieldSource.kind(of: value)), neither an index nor a text",
        at: row.location,
        fix: "write the index of the right choice, counted from 0, or its text")
    }
  }

  private static func checked(
    _ index: Int, _ choices: [String], _ row: TaskRow
  ) throws(Diagnostic) -> Int {
    guard choices.indices.contains(index) else {
      throw Diagnostic(
        "the answer \(index) is outside the \(choices.count) choices", at: row.location,
        fix: "count the choices from 0")
    }
    return index
  }
}
