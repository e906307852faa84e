public import Diagnostics

/// What makes a list of parameters a space.
extension SearchSpace {
  /// Everything wrong with `parameters`, in their order.
  public static func problems(
    in parameters: [SearchParameter], at location: String
  ) -> [Diagnostic] {
    var problems: [Diagnostic] = []
    var seen: Set<String> = []
    for (index, parameter) in parameters.enumerated() {
      guard !parameter.name.isEmpty else {
        problems.append(
          Diagnostic(
            "parameter \(index) has no name", at: location, fix: "give every parameter a name"))
        continue
      }
      if !seen.insert(parameter.name).inserted {
        problems.append(
          Diagnostic(
            "two parameters are called '\(parameter.name)'", at: location,
            fix: "give every parameter a name of its own"))
      }
      let place = "\(location).\(parameter.name)"
      if let problem = parameter.kind.problem(at: place) { problems.append(problem) }
      problems += conditionProblems(of: parameter, among: parameters, at: place)
    }
    if problems.isEmpty, parentsFirst(parameters) == nil {
      problems.append(
        Diagnostic(
          "the conditions of the parameters run in a circle", at: location,
          fix: "let conditions point from dependent parameters to their parents only"))
    }
    return problems
  }

  private static func conditionProblems(
    of parameter: SearchParameter, among parameters: [SearchParameter], at place: String
  ) -> [Diagnostic] {
    parameter.activeWhen.flatMap { condition in
      guard !condition.parameters.isEmpty else {
        return [
          Diagnostic(
            "is never active: a condition names no parameter", at: place,
            fix: "name the parameter on which it depends")
        ]
      }
      return condition.parameters.compactMap { name in
        problem(on: name, values: condition.values, among: parameters, at: place)
      }
    }
  }

  private static func problem(
    on name: String, values: [String], among parameters: [SearchParameter], at place: String
  ) -> Diagnostic? {
    guard let parent = parameters.first(where: { $0.name == name }) else {
      return unknownName(name, noun: "parameter", known: parameters.map(\.name), at: place)
    }
    guard parent.kind.isDiscrete else {
      return Diagnostic(
        "depends on '\(parent.name)', which is a real number", at: place,
        fix: "let it depend on a categorical or integer parameter")
    }
    guard !values.isEmpty else {
      return Diagnostic(
        "is never active: its condition on '\(parent.name)' lists no value", at: place,
        fix: "list the values of '\(parent.name)' for which it matters")
    }
    guard let stranger = values.first(where: { parent.kind.value(named: $0) == nil })
    else { return nil }
    return switch parent.kind {
    case .categorical(let choices, _):
      unknownName(stranger, noun: "value of '\(parent.name)'", known: choices, at: place)
    default:
      Diagnostic(
        "depends on '\(parent.name)' = \(stranger), which it never is", at: place,
        fix: "use whole numbers inside the range of '\(parent.name)'")
    }
  }

  /// Parameter indices with parents first, or nil if the conditions run in a circle.
  static func parentsFirst(_ parameters: [SearchParameter]) -> [Int]? {
    var placed: Set<String> = []
    var order: [Int] = []
    while order.count < parameters.count {
      let ready = parameters.indices.filter { index in
        !placed.contains(parameters[index].name)
          && parameters[index].activeWhen.allSatisfy { placed.isSuperset(of: $0.parameters) }
      }
      if ready.isEmpty { return nil }
      order += ready
      placed.formUnion(ready.map { parameters[$0].name })
    }
    return order
  }
}

extension SearchParameter.Kind {
  /// What is wrong with the ranges, starts and probabilities of this kind.
  fileprivate func problem(at place: String) -> Diagnostic? {
    switch self {
    case .real(let range, let start, let step):
      guard let range else {
        guard start.isFinite else { return notFinite("start", start, at: place) }
        guard step != nil else {
          return Diagnostic(
            "an unbounded parameter has no step", at: place,
            fix: "give a step: the standard deviation of the first candidates")
        }
        return stepProblem(step, at: place)
      }
      guard (range.upperBound - range.lowerBound).isFinite else {
        return Diagnostic(
          "the range \(range.lowerBound)...\(range.upperBound) is not finite", at: place,
          fix: "use finite bounds, or 'range: none' with a step")
      }
      guard range.lowerBound < range.upperBound else {
        return Diagnostic(
          "the range \(range.lowerBound)...\(range.upperBound) holds a single value", at: place,
          fix: "widen the range, or fix the value outside the search space")
      }
      return startProblem(start, in: range, at: place) ?? stepProblem(step, at: place)
    case .integer(let range, let start, let step):
      // Doubles hold whole numbers exactly up to 2⁵³.
      let limit = 1 << 53
      guard range.lowerBound >= -limit, range.upperBound <= limit else {
        return Diagnostic(
          "the range \(range.lowerBound)...\(range.upperBound) is too wide", at: place,
          fix: "use integers of at most 2^53 in magnitude")
      }
      return startProblem(start, in: Double(range.lowerBound)...Double(range.upperBound), at: place)
        ?? stepProblem(step, at: place)
    case .categorical(let choices, let initial):
      guard !choices.isEmpty else {
        return Diagnostic("has no choices", at: place, fix: "list at least one choice")
      }
      guard Set(choices).count == choices.count else {
        return Diagnostic("lists a choice twice", at: place, fix: "list every choice once")
      }
      return initial.flatMap { initialProblem($0, choices: choices.count, at: place) }
    }
  }

  private func startProblem(
    _ start: Double, in range: ClosedRange<Double>, at place: String
  ) -> Diagnostic? {
    guard !range.contains(start) else { return nil }
    return Diagnostic(
      "the start \(start) is outside \(range.lowerBound)...\(range.upperBound)", at: place,
      fix: "start inside the range, or widen it")
  }

  private func stepProblem(_ step: Double?, at place: String) -> Diagnostic? {
    guard let step, !(step > 0 && step.isFinite) else { return nil }
    return Diagnostic(
      "the step \(step) is not a positive number", at: place,
      fix: "give the standard deviation of the first candidates")
  }

  private func notFinite(_ what: String, _ value: Double, at place: String) -> Diagnostic {
    Diagnostic("the \(what) \(value) is not finite", at: place, fix: "use a finite number")
  }

  private func initialProblem(
    _ initial: [Double], choices: Int, at place: String
  ) -> Diagnostic? {
    guard initial.count == choices else {
      return Diagnostic(
        "\(initial.count) initial probabilities for \(choices) choices", at: place,
        fix: "give one probability per choice")
    }
    let sum = initial.reduce(0, +)
    guard initial.allSatisfy({ $0 >= 0 }), abs(sum - 1) < 1e-6 else {
      return Diagnostic(
        "the initial probabilities \(initial) do not sum to 1", at: place,
        fix: "use probabilities between 0 and 1 that sum to 1")
    }
    return nil
  }
}
