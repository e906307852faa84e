import Documents

extension FuzzRandom {
  /// The document with one value or member changed.
  ///
  /// - Parameters:
  ///   - value: The document.
  ///   - strings: Texts that mean something to the reader.
  /// - Returns: The changed document.
  mutating func changed(_ value: JSONValue, strings: [String]) -> JSONValue {
    // Deeper levels are chosen as often as there is something below.
    switch value {
    case .object(let members) where !members.isEmpty && !isTrue(in: 4):
      return .object(changed(members, strings: strings))
    case .array(let elements) where !elements.isEmpty && !isTrue(in: 4):
      return .array(changed(elements, strings: strings))
    default: return replacement(of: value, strings: strings)
    }
  }

  private mutating func changed(
    _ members: [JSONValue.Member], strings: [String]
  ) -> [JSONValue.Member] {
    var members = members
    let place = index(below: members.count)
    switch index(below: 10) {
    case 0: members.remove(at: place)
    case 1: members.insert(members[place], at: index(below: members.count))
    case 2: members.swapAt(place, index(below: members.count))
    case 3: members[place].key = element(of: strings) ?? ""
    case 4:
      members.append(.init(element(of: strings) ?? "", replacement(of: .null, strings: strings)))
    case 5: members[place].value = members[index(below: members.count)].value
    default: members[place].value = changed(members[place].value, strings: strings)
    }
    return members
  }

  private mutating func changed(_ elements: [JSONValue], strings: [String]) -> [JSONValue] {
    var elements = elements
    let place = index(below: elements.count)
    switch index(below: 8) {
    case 0: elements.remove(at: place)
    case 1: elements.insert(elements[place], at: index(below: elements.count))
    case 2: elements.swapAt(place, index(below: elements.count))
    case 3: elements.append(replacement(of: elements[place], strings: strings))
    default: elements[place] = changed(elements[place], strings: strings)
    }
    return elements
  }

  private mutating func replacement(of value: JSONValue, strings: [String]) -> JSONValue {
    if case .number(let text) = value, let number = Int(text), !isTrue(in: 3) {
      let steps = [-1, 1, 2, 8, -8, number, 256]
      return .number("\(number &+ (element(of: steps) ?? 1))")
    }
    if case .string(let text) = value, !isTrue(in: 3) {
      let other = element(of: strings) ?? ""
      return .string([text + other, String(text.dropLast()), other, text + text][index(below: 4)])
    }
    switch index(below: 9) {
    case 0: return .null
    case 1: return .bool(isTrue(in: 2))
    case 2: return .number(element(of: Self.numbers) ?? "0")
    case 3: return .array([])
    case 4: return .object([])
    case 5: return .array([value, value])
    case 6: return .object([.init(element(of: strings) ?? "", value)])
    case 7: return nested(value)
    default: return .string(element(of: strings) ?? "")
    }
  }

  private mutating func nested(_ value: JSONValue) -> JSONValue {
    (0...index(below: 40)).reduce(value) { inner, _ in .array([inner]) }
  }

  private static let numbers = [
    "0", "-0", "-1", "1", "2", "4", "255", "65536", "2147483647", "2147483648", "4294967295",
    "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e3",
    "0.5",
    "1e400", "-1e-400", "3.0", "1000000000",
  ]
}
