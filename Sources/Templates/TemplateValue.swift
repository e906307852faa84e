import Documents

/// A value while a template is rendered; its operations are Python's.
enum TemplateValue {
  case undefined(TemplateUndefined)
  case none
  case bool(Bool)
  case integer(Int)
  /// A whole number that does not fit in `Int`: it can be printed, not computed with.
  case hugeInteger(String)
  case real(Double)
  case text(String)
  case list([TemplateValue])
  case tuple([TemplateValue])
  /// What can be gone through but not printed: a generator, which ends with its first use and is never
  /// false, or a view of a dictionary or range.
  case iterator([TemplateValue], isGenerator: Bool)
  case mapping(TemplateMapping)
  case namespace(TemplateNamespace)
  case loop(TemplateLoop)
  case macro(TemplateMacro)
  /// A method that has not been called yet.
  indirect case method(TemplateValue, String)
  case function(TemplateFunction)
}

/// Why a value is undefined.
enum TemplateUndefined {
  case name(String)
  case member(String, of: String)
  case other(String)
  /// An inline `if` without `else`, which is empty in every dialect.
  case otherwise

  var failure: TemplateFailure {
    switch self {
    case .name(let name):
      var failure = TemplateFailure("'\(name)' is not defined")
      failure.missingName = name
      return failure
    case .member(let name, let owner): return TemplateFailure("\(owner) has no '\(name)'")
    case .other(let problem): return TemplateFailure(problem)
    case .otherwise: return TemplateFailure("an inline 'if' is false and has no 'else'")
    }
  }
}

/// A dictionary: keys keep their order, equal ones are one.
struct TemplateMapping {
  private(set) var members: [(key: TemplateValue, value: TemplateValue)] = []

  subscript(_ key: TemplateValue) -> TemplateValue? {
    members.first { $0.key.equals(key) }?.value
  }

  subscript(_ key: String) -> TemplateValue? { self[.text(key)] }

  mutating func set(_ key: TemplateValue, _ value: TemplateValue) {
    if let index = members.firstIndex(where: { $0.key.equals(key) }) {
      members[index].value = value
    } else {
      members.append((key, value))
    }
  }
}

/// Attributes that statements may assign to; the one value that is changed in place.
final class TemplateNamespace {
  var members = TemplateMapping()
}

/// The variable `loop` in one turn of a loop; never changed.
final class TemplateLoop {
  /// Counted from 0.
  let index: Int
  let count: Int
  let previous: TemplateValue?
  let next: TemplateValue?

  init(index: Int, count: Int, previous: TemplateValue?, next: TemplateValue?) {
    self.index = index
    self.count = count
    self.previous = previous
    self.next = next
  }
}

/// A macro with the scope in which it was defined.
struct TemplateMacro {
  let syntax: TemplateMacroSyntax
  let scope: TemplateScope
}

/// The functions that every template knows.
enum TemplateFunction: String, CaseIterable {
  case range
  case namespace
  case dict
  case raiseException = "raise_exception"
  case strftimeNow = "strftime_now"
}

/// Variables; those of an outer scope are seen through it, and never changed from within.
final class TemplateScope {
  private var names: [String: TemplateValue] = [:]
  let outer: TemplateScope?
  /// Macros that are being called, to end endless recursion.
  let callDepth: Int

  init(within outer: TemplateScope?, callDepth: Int? = nil) {
    self.outer = outer
    self.callDepth = callDepth ?? outer?.callDepth ?? 0
  }

  subscript(_ name: String) -> TemplateValue? {
    get {
      var scope: TemplateScope? = self
      while let current = scope {
        if let value = current.names[name] { return value }
        scope = current.outer
      }
      return nil
    }
    set { names[name] = newValue }
  }
}

extension TemplateValue {
  init(_ value: JSONValue) {
    switch value {
    case .null: self = .none
    case .bool(let flag): self = .bool(flag)
    case .string(let text): self = .text(text)
    case .array(let elements): self = .list(elements.map(TemplateValue.init))
    case .object(let members):
      var mapping = TemplateMapping()
      for member in members { mapping.set(.text(member.key), TemplateValue(member.value)) }
      self = .mapping(mapping)
    case .number(let literal):
      if literal.utf8.contains(where: { $0 == 0x2E || $0 | 0x20 == 0x65 }) {
        self = Double(literal).map(TemplateValue.real) ?? .hugeInteger(literal)
      } else {
        self = Int(literal).map(TemplateValue.integer) ?? .hugeInteger(literal)
      }
    }
  }

  /// The value as JSON; nil for what JSON does not have.
  var json: JSONValue? {
    switch self {
    case .none: return .null
    case .bool(let flag): return .bool(flag)
    case .integer(let value): return .number(String(value))
    case .hugeInteger(let literal): return .number(literal)
    case .real(let value): return value.isFinite ? .number(PythonText.number(value)) : nil
    case .text(let text): return .string(text)
    case .list(let elements), .tuple(let elements):
      var values: [JSONValue] = []
      for element in elements {
        guard let value = element.json else { return nil }
        values.append(value)
      }
      return .array(values)
    case .mapping(let mapping):
      var members: [JSONValue.Member] = []
      for member in mapping.members {
        guard case .text(let key) = member.key, let value = member.value.json else { return nil }
        members.append(.init(key, value))
      }
      return .object(members)
    case .undefined, .iterator, .namespace, .loop, .macro, .method, .function: return nil
    }
  }

  /// What the value is, in words for messages.
  var kind: String {
    switch self {
    case .undefined: "an undefined value"
    case .none: "None"
    case .bool: "a truth value"
    case .integer, .hugeInteger: "a whole number"
    case .real: "a number"
    case .text: "a text"
    case .list: "a list"
    case .tuple: "a tuple"
    case .iterator(_, let isGenerator): isGenerator ? "a generator" : "a view"
    case .mapping: "a mapping"
    case .namespace: "a namespace"
    case .loop: "'loop'"
    case .macro: "a macro"
    case .method(_, let name): "the method '\(name)'"
    case .function(let function): "the function '\(function.rawValue)'"
    }
  }

  /// `repr(value)`; nil for what prints as an address.
  var representation: String? {
    switch self {
    case .none: return "None"
    case .bool(let flag): return flag ? "True" : "False"
    case .integer(let value): return String(value)
    case .hugeInteger(let literal): return literal
    case .real(let value): return PythonText.number(value)
    case .text(let text): return PythonText.quoted(text)
    case .list(let elements): return Self.joined(elements).map { "[\($0)]" }
    case .tuple(let elements):
      return Self.joined(elements).map { elements.count == 1 ? "(\($0),)" : "(\($0))" }
    case .mapping(let mapping):
      var parts: [String] = []
      for member in mapping.members {
        guard let key = member.key.representation, let value = member.value.representation else {
          return nil
        }
        parts.append("\(key): \(value)")
      }
      return "{" + parts.joined(separator: ", ") + "}"
    case .undefined, .iterator, .namespace, .loop, .macro, .method, .function: return nil
    }
  }

  private static func joined(_ elements: [TemplateValue]) -> String? {
    var parts: [String] = []
    for element in elements {
      guard let part = element.representation else { return nil }
      parts.append(part)
    }
    return parts.joined(separator: ", ")
  }

  /// Python's `==`, which never fails for the values that templates have.
  func equals(_ other: TemplateValue) -> Bool {
    switch (self, other) {
    case (.none, .none), (.undefined, .undefined): true
    case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
    case (.hugeInteger(let left), .hugeInteger(let right)): left == right
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
    case (.mapping(let left), .mapping(let right)):
      left.members.count == right.members.count
        && left.members.allSatisfy { right[$0.key]?.equals($0.value) ?? false }
    case (.namespace(let left), .namespace(let right)): left === right
    default:
      if let left = exactInteger, let right = other.exactInteger {
        left == right
      } else if let left = number, let right = other.number {
        left == right
      } else {
        false
      }
    }
  }

  /// The value of a whole number or truth value.
  var exactInteger: Int? {
    switch self {
    case .integer(let value): value
    case .bool(let flag): flag ? 1 : 0
    default: nil
    }
  }

  /// The value of a number or truth value.
  var number: Double? {
    switch self {
    case .real(let value): value
    case .integer(let value): Double(value)
    case .bool(let flag): flag ? 1 : 0
    default: nil
    }
  }
}
