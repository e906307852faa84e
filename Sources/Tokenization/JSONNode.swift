import Diagnostics
import Documents

/// A value of a JSON file together with its place, so that every error names file and key.
struct JSONNode {
  let value: JSONValue
  let file: String
  /// Keys from the root of the file, such as `model.merges[3]`; empty at the root.
  let path: String

  init(_ value: JSONValue, file: String, path: String = "") {
    self.value = value
    self.file = file
    self.path = path
  }

  var location: String { path.isEmpty ? file : "\(file): \(path)" }

  func failure(_ problem: String, fix: String = damaged) -> Diagnostic {
    Diagnostic(problem, at: location, fix: fix)
  }

  // MARK: Members

  /// The member with this key; nil if it is absent or null.
  func optional(_ key: String) throws(Diagnostic) -> JSONNode? {
    guard value.members != nil else { throw wrongType("an object") }
    guard let member = value.member(key), !member.isNull else { return nil }
    return JSONNode(member, file: file, path: path.isEmpty ? key : "\(path).\(key)")
  }

  /// - Throws: ``Diagnostic`` if the member is absent or null.
  func required(_ key: String) throws(Diagnostic) -> JSONNode {
    if let member = try optional(key) { return member }
    throw failure("the key '\(key)' is missing")
  }

  func string(_ key: String) throws(Diagnostic) -> String { try required(key).string() }

  func flag(_ key: String, default standard: Bool) throws(Diagnostic) -> Bool {
    try optional(key)?.flag() ?? standard
  }

  func element(_ index: Int, _ value: JSONValue) -> JSONNode {
    JSONNode(value, file: file, path: "\(path)[\(index)]")
  }

  // MARK: Types

  func string() throws(Diagnostic) -> String {
    guard let string = value.string else { throw wrongType("a string") }
    return string
  }

  func flag() throws(Diagnostic) -> Bool {
    guard let flag = value.bool else { throw wrongType("true or false") }
    return flag
  }

  /// A token's id: a whole number in 0 ..< 2³¹.
  func tokenID() throws(Diagnostic) -> Int {
    guard let id = value.integer, Vocabulary.ids.contains(id) else {
      throw wrongType("a token id (a whole number from 0)")
    }
    return id
  }

  func elements() throws(Diagnostic) -> [JSONNode] {
    guard let array = value.array else { throw wrongType("an array") }
    return array.enumerated().map { element($0.offset, $0.element) }
  }

  /// A string of one Unicode scalar, in UTF-8.
  func scalar() throws(Diagnostic) -> [UInt8] {
    let text = try string()
    guard text.unicodeScalars.count == 1 else {
      throw failure("'\(text)' is not a single character")
    }
    return Array(text.utf8)
  }

  func wrongType(_ expected: String) -> Diagnostic {
    failure("expected \(expected), found \(described)")
  }

  private var described: String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let literal): literal
    case .string(let text): text.utf8.count > 40 ? "a string" : "'\(text)'"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

private let damaged = "fetch the file again, or export the tokenizer anew with transformers"
