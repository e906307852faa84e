extension TemplateFilter {
  func applyToElements(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    switch name {
    case "length", "count":
      _ = try given(arguments)
      return .integer(try TemplateOperators.count(of: interpreter.defined(value)))
    case "first", "last":
      _ = try given(arguments)
      let elements = try elements(value)
      return (name == "first" ? elements.first : elements.last)
        ?? .undefined(.other("the \(name) of no elements"))
    case "list":
      _ = try given(arguments)
      return .list(try elements(value))
    case "reverse":
      _ = try given(arguments)
      let reversed = try Array(elements(value).reversed())
      guard case .text = value else { return .iterator(reversed, isGenerator: true) }
      return .text(try joined(reversed, by: ""))
    case "items":
      _ = try given(arguments)
      if case .undefined = value { return .iterator([], isGenerator: true) }
      return .iterator(try members(value), isGenerator: true)
    case "dictsort": return .list(try sortedMembers(value, arguments))
    case "join":
      let given = try given(arguments, "d", "attribute")
      var parts = try elements(value)
      if let attribute = given[1] { parts = try self.attribute(attribute, of: parts) }
      return .text(try joined(parts, by: try given[0].map(text) ?? ""))
    case "sum":
      let given = try given(arguments, "attribute", "start")
      var parts = try elements(value)
      if let attribute = given[0] { parts = try self.attribute(attribute, of: parts) }
      var sum = given[1] ?? .integer(0)
      for part in parts { sum = try TemplateOperators.arithmetic("+", sum, part) }
      return sum
    case "sort":
      let given = try given(arguments, "reverse", "case_sensitive", "attribute")
      let elements = try elements(value)
      let keys = try keys(of: elements, isCaseSensitive: flag(given[1]), attribute: given[2])
      return .list(try sorted(keys, descending: flag(given[0])).map { elements[$0] })
    default:
      let given = try given(arguments, "case_sensitive", "attribute")
      let elements = try elements(value)
      let keys = try keys(of: elements, isCaseSensitive: flag(given[0]), attribute: given[1])
      if name == "unique" {
        let firsts = keys.indices.filter { index in
          !keys[..<index].contains { $0.equals(keys[index]) }
        }
        return .iterator(firsts.map { elements[$0] }, isGenerator: true)
      }
      let order = try sorted(keys, descending: name == "max")
      return order.first.map { elements[$0] } ?? .undefined(.other("the \(name) of no elements"))
    }
  }

  private func joined(
    _ parts: [TemplateValue], by separator: String
  ) throws(TemplateFailure) -> String {
    var texts: [String] = []
    for part in parts { texts.append(try text(part)) }
    return texts.joined(separator: separator)
  }

  private func members(_ value: TemplateValue) throws(TemplateFailure) -> [TemplateValue] {
    guard case .mapping(let mapping) = value else {
      throw TemplateFailure("\(owner) takes a mapping, not \(value.kind)")
    }
    return mapping.members.map { .tuple([$0.key, $0.value]) }
  }

  private func sortedMembers(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> [TemplateValue] {
    let given = try given(arguments, "case_sensitive", "by", "reverse")
    let members = try members(interpreter.defined(value))
    let by = try given[1]?.text(for: owner) ?? "key"
    guard by == "key" || by == "value" else {
      throw TemplateFailure("\(owner) sorts by 'key' or 'value', not '\(by)'")
    }
    let keys = try keys(
      of: members, isCaseSensitive: flag(given[0]), attribute: .integer(by == "key" ? 0 : 1))
    return try sorted(keys, descending: flag(given[2])).map { members[$0] }
  }

  // MARK: Order

  private func keys(
    of elements: [TemplateValue], isCaseSensitive: Bool, attribute: TemplateValue?
  ) throws(TemplateFailure) -> [TemplateValue] {
    let values = try attribute.map { attribute throws(TemplateFailure) in
      try self.attribute(attribute, of: elements)
    }
    return (values ?? elements).map { value in
      if !isCaseSensitive, case .text(let text) = value { return .text(PythonText.lower(text)) }
      return value
    }
  }

  /// The positions of the keys in ascending or descending order; equal ones stay as they are.
  private func sorted(
    _ keys: [TemplateValue], descending: Bool
  ) throws(TemplateFailure) -> [Int] {
    var failure: TemplateFailure?
    let order = keys.indices.sorted { left, right in
      do throws(TemplateFailure) {
        let order = try TemplateOperators.order(keys[left], keys[right]) ?? 0
        if order != 0 { return descending ? order > 0 : order < 0 }
      } catch {
        failure = error
      }
      return left < right
    }
    if let failure { throw failure }
    return order
  }

  // MARK: Attributes, tests and filters of elements

  /// What a dotted path of names and numbers leads to in each element.
  private func attribute(
    _ path: TemplateValue, of elements: [TemplateValue], standard: TemplateValue? = nil
  ) throws(TemplateFailure) -> [TemplateValue] {
    let steps: [TemplateValue]
    if case .text(let text) = path {
      guard !text.utf8.contains(UInt8(ascii: ",")) else {
        throw .unsupported("several attributes ('\(text)')")
      }
      steps = PythonText.split(text, by: ".").map { step in
        step.utf8.allSatisfy { (0x30...0x39).contains($0) }
          ? Int(step).map(TemplateValue.integer) ?? .text(step) : .text(step)
      }
    } else {
      steps = [path]
    }
    var values: [TemplateValue] = []
    for element in elements {
      var value = element
      for step in steps {
        value = try TemplateOperators.element(of: value, at: step)
        if let standard, case .undefined = value { value = standard }
      }
      values.append(value)
    }
    return values
  }

  /// What `map`, `select`, `reject`, `selectattr` and `rejectattr` let through.
  func chosen(
    from elements: [TemplateValue], _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> [TemplateValue] {
    if name == "map" { return try mapped(elements, arguments) }
    var arguments = arguments
    var keys = elements
    if name.hasSuffix("attr") {
      guard !arguments.positional.isEmpty else {
        throw TemplateFailure("\(owner) lacks the attribute's name")
      }
      keys = try attribute(arguments.positional.removeFirst(), of: elements)
    }
    var test: TemplateTest?
    if !arguments.positional.isEmpty {
      let testName = try arguments.positional.removeFirst().text(for: owner)
      guard TemplateTest.names.contains(testName) || TemplateTest.comparisons[testName] != nil
      else { throw .unsupported("the test '\(testName)'") }
      test = TemplateTest(testName, interpreter: interpreter)
    }
    let keepsHits = name.hasPrefix("select")
    var kept: [TemplateValue] = []
    for (element, key) in zip(elements, keys) {
      let isHit =
        if let test { try test.holds(for: key, arguments) } else { try interpreter.truth(of: key) }
      if isHit == keepsHits { kept.append(element) }
    }
    return kept
  }

  private func mapped(
    _ elements: [TemplateValue], _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> [TemplateValue] {
    var arguments = arguments
    if arguments.positional.isEmpty {
      let given = try given(arguments, "attribute", "default")
      guard let path = given[0] else { throw TemplateFailure("\(owner) lacks a filter's name") }
      return try attribute(path, of: elements, standard: given[1])
    }
    let filterName = try arguments.positional.removeFirst().text(for: owner)
    guard Self.names.contains(filterName), filterName != "safe",
      filterName != "tojson" || interpreter.dialect == .chat,
      filterName != "regex_replace" || interpreter.dialect == .task
    else { throw .unsupported("the filter '\(filterName)' in 'map'") }
    let filter = TemplateFilter(filterName, interpreter: interpreter)
    var values: [TemplateValue] = []
    for element in elements { values.append(try filter.apply(to: element, arguments)) }
    return values
  }
}
