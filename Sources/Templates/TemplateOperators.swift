import Foundation

/// The operators of the template language on values, as Python defines them.
enum TemplateOperators {
  /// Largest text or list that repetition makes.
  private static let largestRepetition = 10_000_000

  static func arithmetic(
    _ operation: String, _ left: TemplateValue, _ right: TemplateValue
  ) throws(TemplateFailure) -> TemplateValue {
    switch (operation, left, right) {
    case (_, .undefined(let undefined), _), (_, _, .undefined(let undefined)):
      throw undefined.failure
    case ("+", .text(let left), .text(let right)): return .text(left + right)
    case ("+", .list(let left), .list(let right)): return .list(left + right)
    case ("+", .tuple(let left), .tuple(let right)): return .tuple(left + right)
    case ("%", .text(let format), _):
      let values: [TemplateValue] = if case .tuple(let values) = right { values } else { [right] }
      return .text(try PythonFormat.percent(format, values))
    case ("*", .text, _), ("*", .list, _), ("*", .tuple, _):
      if let count = right.exactInteger { return try repeated(left, count) }
    case ("*", _, .text), ("*", _, .list), ("*", _, .tuple):
      if let count = left.exactInteger { return try repeated(right, count) }
    default:
      if let left = left.exactInteger, let right = right.exactInteger {
        return try integers(operation, left, right)
      }
      if let left = left.number, let right = right.number {
        return .real(try reals(operation, left, right))
      }
    }
    throw TemplateFailure("'\(operation)' is not defined for \(left.kind) and \(right.kind)")
  }

  private static func repeated(
    _ value: TemplateValue, _ count: Int
  ) throws(TemplateFailure) -> TemplateValue {
    let count = max(0, count)
    func check(_ size: Int) throws(TemplateFailure) {
      let (total, overflow) = size.multipliedReportingOverflow(by: count)
      if overflow || total > largestRepetition {
        throw TemplateFailure("a repetition makes more than \(largestRepetition) elements")
      }
    }
    switch value {
    case .text(let text):
      try check(text.utf8.count)
      return .text(String(repeating: text, count: count))
    case .list(let elements):
      try check(elements.count)
      return .list(Array(repeatElement(elements, count: count).joined()))
    case .tuple(let elements):
      try check(elements.count)
      return .tuple(Array(repeatElement(elements, count: count).joined()))
    default: return value
    }
  }

  private static func integers(
    _ operation: String, _ left: Int, _ right: Int
  ) throws(TemplateFailure) -> TemplateValue {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case "+": result = left.addingReportingOverflow(right)
    case "-": result = left.subtractingReportingOverflow(right)
    case "*": result = left.multipliedReportingOverflow(by: right)
    case "/": return .real(try reals("/", Double(left), Double(right)))
    case "**" where right < 0: return .real(try reals("**", Double(left), Double(right)))
    case "**": result = try power(left, right)
    default:
      guard right != 0 else { throw TemplateFailure("a number is divided by zero") }
      let quotient = left.dividedReportingOverflow(by: right)
      guard !quotient.overflow else { throw tooLarge }
      // Python rounds toward minus infinity; the remainder has the divisor's sign.
      let remainder = left.remainderReportingOverflow(dividingBy: right).partialValue
      let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
      return .integer(
        operation == "//"
          ? quotient.partialValue - (isBelow ? 1 : 0) : remainder + (isBelow ? right : 0))
    }
    guard !result.overflow else { throw tooLarge }
    return .integer(result.partialValue)
  }

  private static let tooLarge = TemplateFailure("a whole number becomes larger than 64 bits")

  private static func power(
    _ base: Int, _ exponent: Int
  ) throws(TemplateFailure) -> (partialValue: Int, overflow: Bool) {
    if base == 0 || base == 1 { return (exponent == 0 ? 1 : base, false) }
    if base == -1 { return (exponent % 2 == 0 ? 1 : -1, false) }
    guard exponent < 64 else { return (0, true) }
    var value = 1
    for _ in 0..<exponent {
      let (next, overflow) = value.multipliedReportingOverflow(by: base)
      if overflow { return (0, true) }
      value = next
    }
    return (value, false)
  }

  private static func reals(
    _ operation: String, _ left: Double, _ right: Double
  ) throws(TemplateFailure) -> Double {
    switch operation {
    case "+": return left + right
    case "-": return left - right
    case "*": return left * right
    case "**":
      guard left != 0 || right >= 0 else { throw TemplateFailure("zero has a negative power") }
      let power = pow(left, right)
      guard !power.isNaN || left.isNaN || right.isNaN else {
        throw .unsupported("roots of negative numbers")
      }
      return power
    default:
      guard right != 0 else { throw TemplateFailure("a number is divided by zero") }
      if operation == "/" { return left / right }
      var remainder = left.truncatingRemainder(dividingBy: right)
      var quotient = (left - remainder) / right
      if remainder != 0, (right < 0) != (remainder < 0) {
        remainder += right
        quotient -= 1
      }
      return operation == "%" ? remainder : quotient.rounded()
    }
  }

  // MARK: Comparing

  static func compare(
    _ operation: String, _ left: TemplateValue, _ right: TemplateValue
  ) throws(TemplateFailure) -> Bool {
    switch operation {
    case "==": return left.equals(right)
    case "!=": return !left.equals(right)
    case "in": return try contains(right, left)
    case "not in": return try !contains(right, left)
    default:
      let order = try order(left, right, operation)
      // Numbers that are no numbers are neither more nor less than others.
      guard let order else { return false }
      return switch operation {
      case "<": order < 0
      case "<=": order <= 0
      case ">": order > 0
      default: order >= 0
      }
    }
  }

  /// Negative, zero or positive; nil for NaN.
  static func order(
    _ left: TemplateValue, _ right: TemplateValue, _ operation: String = "<"
  ) throws(TemplateFailure) -> Int? {
    switch (left, right) {
    case (.undefined(let undefined), _), (_, .undefined(let undefined)): throw undefined.failure
    case (.text(let left), .text(let right)):
      if left.utf8.elementsEqual(right.utf8) { return 0 }
      return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      for (first, second) in zip(left, right) where !first.equals(second) {
        return try order(first, second, operation)
      }
      return left.count - right.count
    default:
      if let left = left.exactInteger, let right = right.exactInteger {
        return left == right ? 0 : left < right ? -1 : 1
      }
      if let left = left.number, let right = right.number {
        if left.isNaN || right.isNaN { return nil }
        return left == right ? 0 : left < right ? -1 : 1
      }
      throw TemplateFailure("'\(operation)' is not defined for \(left.kind) and \(right.kind)")
    }
  }

  private static func contains(
    _ container: TemplateValue, _ value: TemplateValue
  ) throws(TemplateFailure) -> Bool {
    switch container {
    case .text(let text):
      guard case .text(let part) = value else {
        throw TemplateFailure("\(value.kind) can not be searched for in a text")
      }
      return PythonText.range(of: part, in: Array(text.utf8)) != nil
    case .list(let elements), .tuple(let elements), .iterator(let elements, _):
      return elements.contains { $0.equals(value) }
    case .mapping(let mapping): return mapping[value] != nil
    case .undefined: return false
    default: throw TemplateFailure("nothing can be searched for in \(container.kind)")
    }
  }
}

extension TemplateOperators {
  // MARK: Containers

  /// Python's `bool(value)`.
  static func isTrue(_ value: TemplateValue) -> Bool {
    switch value {
    case .undefined, .none: false
    case .bool(let flag): flag
    case .integer(let value): value != 0
    case .real(let value): value != 0
    case .text(let text): !text.isEmpty
    case .list(let elements), .tuple(let elements): !elements.isEmpty
    case .mapping(let mapping): !mapping.members.isEmpty
    case .iterator(let elements, let isGenerator): isGenerator || !elements.isEmpty
    case .hugeInteger, .namespace, .loop, .macro, .method, .function: true
    }
  }

  /// What `for` and `list` make of a value.
  static func elements(of value: TemplateValue) throws(TemplateFailure) -> [TemplateValue] {
    switch value {
    case .list(let elements), .tuple(let elements), .iterator(let elements, _): elements
    case .text(let text): text.unicodeScalars.map { .text(String($0)) }
    case .mapping(let mapping): mapping.members.map(\.key)
    case .undefined: []
    default: throw TemplateFailure("\(value.kind) has no elements to go through")
    }
  }

  static func count(of value: TemplateValue) throws(TemplateFailure) -> Int {
    switch value {
    case .list(let elements), .tuple(let elements): elements.count
    case .iterator(let elements, isGenerator: false): elements.count
    case .text(let text): text.unicodeScalars.count
    case .mapping(let mapping): mapping.members.count
    case .undefined: 0
    default: throw TemplateFailure("\(value.kind) has no length")
    }
  }

  /// `value[key]`: undefined where there is no such element, as Jinja has it.
  static func element(
    of value: TemplateValue, at key: TemplateValue
  ) throws(TemplateFailure) -> TemplateValue {
    switch value {
    case .undefined(let undefined): throw undefined.failure
    case .mapping(let mapping):
      if let found = mapping[key] { return found }
    case .list(let elements), .tuple(let elements):
      if let index = key.exactInteger, let position = position(index, elements.count) {
        return elements[position]
      }
    case .text(let text):
      let scalars = Array(text.unicodeScalars)
      if let index = key.exactInteger, let position = position(index, scalars.count) {
        return .text(String(scalars[position]))
      }
    default: break
    }
    if case .text(let name) = key { return attribute(name, of: value, includingKeys: false) }
    return .undefined(.member(key.representation ?? key.kind, of: value.kind))
  }

  private static func position(_ index: Int, _ count: Int) -> Int? {
    let position = index < 0 ? index + count : index
    return (0..<count).contains(position) ? position : nil
  }

  /// `value.name`: a method hides a key of the same name.
  static func attribute(
    _ name: String, of value: TemplateValue, includingKeys: Bool = true
  ) -> TemplateValue {
    switch value {
    case .loop(let loop):
      if let found = loop.member(name) { return found }
    case .namespace(let namespace):
      if let found = namespace.members[name] { return found }
    default:
      if TemplateMethods.exists(name, of: value) { return .method(value, name) }
      if includingKeys, case .mapping(let mapping) = value, let found = mapping[name] {
        return found
      }
    }
    return .undefined(.member(name, of: value.kind))
  }

  /// `value[from:to:step]`.
  static func slice(
    _ value: TemplateValue, _ from: Int?, _ to: Int?, _ step: Int?
  ) throws(TemplateFailure) -> TemplateValue {
    switch value {
    case .text(let text):
      let scalars = Array(text.unicodeScalars)
      return .text(
        PythonText.string(try positions(scalars.count, from, to, step).map { scalars[$0] }))
    case .list(let elements):
      return .list(try positions(elements.count, from, to, step).map { elements[$0] })
    case .tuple(let elements):
      return .tuple(try positions(elements.count, from, to, step).map { elements[$0] })
    case .undefined(let undefined): throw undefined.failure
    default: throw TemplateFailure("\(value.kind) can not be sliced")
    }
  }

  private static func positions(
    _ count: Int, _ from: Int?, _ to: Int?, _ step: Int?
  ) throws(TemplateFailure) -> [Int] {
    let step = step ?? 1
    guard step != 0 else { throw TemplateFailure("a slice has the step 0") }
    let lowest = step > 0 ? 0 : -1
    let highest = step > 0 ? count : count - 1
    func clamped(_ bound: Int) -> Int {
      max(lowest, min(highest, bound < 0 ? bound + count : bound))
    }
    let start = from.map(clamped) ?? (step > 0 ? lowest : highest)
    let end = to.map(clamped) ?? (step > 0 ? highest : lowest)
    return Array(stride(from: start, to: end, by: step))
  }
}

extension TemplateLoop {
  /// nil for what `loop` does not have, or what is not supported.
  func member(_ name: String) -> TemplateValue? {
    switch name {
    case "index": .integer(index + 1)
    case "index0": .integer(index)
    case "revindex": .integer(count - index)
    case "revindex0": .integer(count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == count - 1)
    case "length": .integer(count)
    // Only recursive loops, which are refused, go deeper.
    case "depth": .integer(1)
    case "depth0": .integer(0)
    case "previtem": previous ?? .undefined(.other("there is no previous item"))
    case "nextitem": next ?? .undefined(.other("there is no next item"))
    case "cycle", "changed": .method(.loop(self), name)
    default: nil
    }
  }
}
