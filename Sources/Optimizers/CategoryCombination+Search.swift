import SearchSpaces

extension CategoryCombination {
  /// A categorical variable of the distribution.
  struct Variable {
    let parameter: Int
    /// The genome value of its first choice.
    let lowest: Double
    let probabilities: [Double]
  }

  /// The `count` most probable combinations, likeliest first.
  ///
  /// A variable that the others make inactive takes no part, so combinations that differ only there
  /// count as one, with the sum of their probabilities. Variables that no condition connects are
  /// independent: each group's best are found by themselves, then multiplied out.
  static func mostProbable(
    _ count: Int, space: SearchSpace, variables: [Variable]
  ) -> [CategoryCombination] {
    guard !variables.isEmpty else { return [] }
    var best = [CategoryCombination(choices: [], probability: 1)]
    for group in groups(variables, space: space) {
      let own = mostProbable(count, inGroup: group, space: space)
      var products: [CategoryCombination] = []
      for left in best {
        for right in own {
          products.append(
            CategoryCombination(
              choices: left.choices + right.choices,
              probability: left.probability * right.probability))
        }
      }
      best = leading(count, of: products)
    }
    return best.map { combination in
      CategoryCombination(
        choices: combination.choices.sorted { $0.parameter < $1.parameter },
        probability: combination.probability)
    }
  }

  /// Stable: equally probable combinations keep their order.
  private static func leading(
    _ count: Int, of combinations: [CategoryCombination]
  ) -> [CategoryCombination] {
    let sorted = combinations.enumerated().sorted { left, right in
      left.element.probability == right.element.probability
        ? left.offset < right.offset : left.element.probability > right.element.probability
    }
    return sorted.prefix(count).map(\.element)
  }

  /// Variables connected by conditions, parents before children.
  private static func groups(_ variables: [Variable], space: SearchSpace) -> [[Variable]] {
    var groups: [(names: Set<String>, members: [Variable])] = []
    for variable in variables {
      let parameter = space.parameters[variable.parameter]
      let linked = Set([parameter.name] + parameter.activeWhen.flatMap(\.parameters))
      let touching = groups.indices.filter { !groups[$0].names.isDisjoint(with: linked) }
      var merged = (names: linked, members: [Variable]())
      for index in touching {
        merged.names.formUnion(groups[index].names)
        merged.members += groups[index].members
      }
      merged.members.append(variable)
      for index in touching.reversed() { groups.remove(at: index) }
      groups.append(merged)
    }
    return groups.map { parentsFirst($0.members, space: space) }
  }

  private static func parentsFirst(_ members: [Variable], space: SearchSpace) -> [Variable] {
    var rest = members
    var ordered: [Variable] = []
    while !rest.isEmpty {
      let waiting = Set(rest.map { space.parameters[$0.parameter].name })
      let position =
        rest.firstIndex { variable in
          space.parameters[variable.parameter].activeWhen
            .allSatisfy { waiting.isDisjoint(with: $0.parameters) }
        } ?? 0
      ordered.append(rest.remove(at: position))
    }
    return ordered
  }

  /// Best-first search over the group's variables in order.
  ///
  /// A partial combination is rated by the best that its completions can reach: variables known to
  /// be active count with their likeliest choice, others with 1. Complete ones therefore come out
  /// likeliest first.
  private static func mostProbable(
    _ count: Int, inGroup variables: [Variable], space: SearchSpace
  ) -> [CategoryCombination] {
    var open = [Partial(bound: 1)]
    var complete: [CategoryCombination] = []
    // Far more than groups of usual size need; a larger one gives up exactness, not time.
    for _ in 0..<2_000 {
      guard complete.count < count,
        let position = open.indices.max(by: { open[$0].isWorse(than: open[$1]) })
      else { break }
      let partial = open.remove(at: position)
      if partial.next == variables.count {
        complete.append(
          CategoryCombination(choices: partial.choices, probability: partial.probability))
      } else {
        for var extended in partial.extended(by: variables[partial.next], space: space) {
          extended.bound = extended.probability
          for variable in variables[extended.next...]
          where extended.isActive(variable, space: space) == true {
            extended.bound *= variable.probabilities.max() ?? 1
          }
          open.append(extended)
        }
      }
    }
    return complete
  }

  /// Choices for the first variables of a group.
  private struct Partial {
    var choices: [Choice] = []
    /// Parameters decided on, with a choice or as inactive.
    var decided: Set<Int> = []
    var probability = 1.0
    var bound: Double
    var next = 0

    /// Equally good ones are finished first that lack least.
    func isWorse(than other: Partial) -> Bool { (bound, next) < (other.bound, other.next) }

    func extended(by variable: Variable, space: SearchSpace) -> [Partial] {
      var base = self
      base.next += 1
      base.decided.insert(variable.parameter)
      guard isActive(variable, space: space) != false else { return [base] }
      return variable.probabilities.enumerated().map { index, probability in
        var extended = base
        extended.choices.append(
          Choice(parameter: variable.parameter, value: variable.lowest + Double(index)))
        extended.probability *= probability
        return extended
      }
    }

    /// Whether the categorical conditions of a variable hold, nil: not known yet; conditions on
    /// integers are taken to hold.
    func isActive(_ variable: Variable, space: SearchSpace) -> Bool? {
      var isKnown = true
      for condition in space.parameters[variable.parameter].activeWhen {
        let verdicts = condition.parameters.map {
          holds($0, isOneOf: condition.values, space: space)
        }
        if verdicts.contains(true) { continue }
        guard verdicts.contains(nil) else { return false }
        isKnown = false
      }
      return isKnown ? true : nil
    }

    /// Whether a parameter, itself active, has one of `values`; nil: not known yet.
    private func holds(_ name: String, isOneOf values: [String], space: SearchSpace) -> Bool? {
      guard let parent = space.index(of: name),
        case .categorical(let names, _) = space.parameters[parent].kind, names.count > 1
      else { return true }
      guard decided.contains(parent) else { return nil }
      guard let choice = choices.first(where: { $0.parameter == parent }) else { return false }
      return values.contains(names[Int(choice.value)])
    }
  }
}
