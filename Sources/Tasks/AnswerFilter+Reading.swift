import Diagnostics
import Documents
import Patterns

extension AnswerFilter {
  /// The filters of `extract` or `filter_list`; one that changes nothing (or strips, with `strip: true`)
  /// where there are none.
  static func read(
    _ document: TaskDocument, stops: [String], repeats: Int
  ) throws(Diagnostic) -> [AnswerFilter] {
    let strips = try document.value("strip")?.bool() ?? false
    let first: [Step] = strips ? [.strip] : []
    guard let node = try document.value("extract", "filter_list") else {
      return [AnswerFilter(name: "none", steps: first)]
    }
    var filters: [AnswerFilter] = []
    for element in node.elements {
      let mapping = try element.mapping("a filter")
      let nameNode = try mapping.required("name")
      let name = try nameNode.string()
      guard !filters.contains(where: { $0.name == name }) else {
        throw nameNode.problem("two filters are called '\(name)'", fix: "give each its own name")
      }
      let steps =
        if mapping["filter"] != nil {
          try steps(mapping, stops: stops, repeats: repeats)
        } else {
          [Step.regex(try RegexExtraction(own: mapping))]
        }
      filters.append(AnswerFilter(name: name, steps: first + steps))
    }
    guard !filters.isEmpty else {
      throw node.problem("the list of filters is empty", fix: "remove the key")
    }
    return filters
  }

  private static func steps(
    _ mapping: YAMLMapping, stops: [String], repeats: Int
  ) throws(Diagnostic) -> [Step] {
    try mapping.rejectUnknownKeys(known: ["name", "filter"])
    var steps: [Step] = []
    var isTaken = false
    for element in try mapping.required("filter").elements {
      let step = try element.mapping("a filter's step")
      let function = try step.required("function")
      let name = try function.string()
      guard !isTaken else {
        throw function.problem(
          "'\(name)' follows take_first, which ends a filter", fix: "move take_first to the end")
      }
      if name == "take_first" {
        try step.rejectUnknownKeys(known: ["function"], noun: "argument of \(name)")
        isTaken = true
      } else if let read = try Self.step(named: name, step, function, stops, repeats) {
        steps.append(read)
      }
    }
    return steps
  }

  private static let functions = [
    "take_first", "take_first_k", "majority_vote", "regex", "multi_choice_regex",
    "remove_whitespace", "lowercase", "uppercase", "map",
  ]

  /// nil for a step that only chooses among responses: greedy ones are all alike.
  private static func step(
    named name: String, _ step: YAMLMapping, _ function: YAMLNode, _ stops: [String],
    _ repeats: Int
  ) throws(Diagnostic) -> Step? {
    func check(_ arguments: String...) throws(Diagnostic) {
      try step.rejectUnknownKeys(known: ["function"] + arguments, noun: "argument of \(name)")
    }
    switch name {
    case "majority_vote":
      try check()
      return nil
    case "take_first_k":
      try check("k")
      let count = try step.required("k")
      guard try count.integer(in: 1...1_000_000) <= repeats else {
        throw count.problem(
          "take_first_k takes \(count.kind) of \(repeats) responses", fix: "raise 'repeats'")
      }
      return nil
    case "remove_whitespace":
      try check()
      return .strip
    case "lowercase":
      try check()
      return .lowercase
    case "uppercase":
      try check()
      return .uppercase
    case "regex":
      try check("regex_pattern", "group_select", "fallback")
      let extraction = try RegexExtraction(
        step, patternKey: "regex_pattern", positionKey: "group_select")
      // What this one does with a text of one line is what stripping does.
      let strips = extraction.pattern.source == #"^\s*(.*?)\s*$"# && extraction.position == 0
      return strips && stops.contains("\n") ? .strip : .regex(extraction)
    case "multi_choice_regex":
      try check(
        "regex_pattern", "group_select", "fallback", "ignore_case", "ignore_punctuation",
        "regexes_to_ignore")
      return .choices(try ChoiceExtraction(step))
    case "map":
      try check("mapping_dict", "default_value")
      return try map(step)
    case "custom", "format_span", "regex_pos":
      throw function.problem(
        "the filter function '\(name)' is not supported",
        fix: "use one of: \(functions.joined(separator: ", "))")
    default:
      throw unknownName(name, noun: "filter function", known: functions, at: function.location)
    }
  }

  private static func map(_ step: YAMLMapping) throws(Diagnostic) -> Step {
    var table: [String: String] = [:]
    for entry in try step.optional("mapping_dict")?.mapping("mapping_dict").entries ?? [] {
      table[key(entry.key)] = try entry.value.string()
    }
    return .map(table, standard: try step.optional("default_value")?.string())
  }
}

extension RegexExtraction {
  /// In our spelling: `{name, regex, group, fallback}`.
  fileprivate init(own mapping: YAMLMapping) throws(Diagnostic) {
    try mapping.rejectUnknownKeys(known: ["name", "regex", "group", "fallback"])
    _ = try mapping.required("regex")
    try self.init(mapping, patternKey: "regex", positionKey: "group")
  }

  fileprivate init(
    _ mapping: YAMLMapping, patternKey: String, positionKey: String
  ) throws(Diagnostic) {
    let node = mapping.optional(patternKey)
    pattern = try PythonPattern(
      try node?.string() ?? #"#### (\-?[0-9\.\,]+)"#, at: node?.location ?? mapping.location)
    position = try mapping.optional(positionKey)?.integer() ?? 0
    fallback = try mapping.optional("fallback")?.string() ?? "[invalid]"
  }
}

extension ChoiceExtraction {
  fileprivate init(_ mapping: YAMLMapping) throws(Diagnostic) {
    regex = try RegexExtraction(
      mapping, patternKey: "regex_pattern", positionKey: "group_select")
    ignored = try PythonPattern.list(mapping.optional("regexes_to_ignore"))
    ignoresCase = try mapping.optional("ignore_case")?.bool() ?? false
    ignoresPunctuation = try mapping.optional("ignore_punctuation")?.bool() ?? false
  }
}

extension PythonPattern {
  /// One expression, a list of them, or none.
  static func list(_ node: YAMLNode?) throws(Diagnostic) -> [PythonPattern] {
    var patterns: [PythonPattern] = []
    for element in node?.elements ?? [] {
      patterns.append(try PythonPattern(element.string(), at: element.location))
    }
    return patterns
  }
}
