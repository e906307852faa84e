/// A JSON document in memory.
///
/// Objects keep the order, the spelling and every duplicate of their keys.
///
/// Keys are compared as UTF-8 bytes (`String ==` is canonical equivalence: two tokens of a vocabulary
/// may be "equal"), so use ``member(_:)`` and never a `Dictionary` keyed by `String` for foreign keys.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// The literal's text as written, such as `1e-5`; see ``integer`` and ``double``.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// A key with its value.
  public struct Member: Sendable, Hashable {
    public var key: String
    public var value: JSONValue

    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value of the last member with this key (UTF-8 comparison); nil if absent or not an object.
  public func member(_ key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  public subscript(_ key: String) -> JSONValue? { member(key) }

  /// A whole number that fits in `Int`, written without fraction or exponent; else nil.
  public var integer: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text)
  }

  public var double: Double? {
    guard case .number(let text) = self else { return nil }
    return Double(text)
  }

  public var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  public var bool: Bool? {
    guard case .bool(let flag) = self else { return nil }
    return flag
  }

  public var array: [JSONValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  public var members: [Member]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  public var isNull: Bool { self == .null }
}
