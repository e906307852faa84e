import PopulationStore
import SearchSpaces

/// What two candidates of one search space have different, parameter by parameter.
struct ParameterChanges: Sendable, Hashable {
  struct Change: Sendable, Hashable {
    var name: String
    /// Nil where the parameter does not matter for the candidate.
    var first: ParameterValue?
    var second: ParameterValue?
    /// First less second, as a share of the range; nil for choices and parameters without a counterpart.
    var share: Double?
  }

  /// Choices first, then numbers by how much of their range they moved; equal parameters are left out.
  let changes: [Change]

  init?(from second: Genome, to first: Genome, in space: SearchSpace) {
    guard (try? space.validate(first, at: "")) != nil, (try? space.validate(second, at: "")) != nil
    else { return nil }
    let pairs = zip(space.assignments(of: first), space.assignments(of: second))
    let changes = zip(space.parameters, pairs).compactMap { parameter, pair -> Change? in
      guard pair.0.isActive || pair.1.isActive else { return nil }
      let change = Change(
        name: parameter.name, first: pair.0.isActive ? pair.0.value : nil,
        second: pair.1.isActive ? pair.1.value : nil, share: nil)
      guard change.first != change.second else { return nil }
      return change
    }
    self.changes = changes.map { change in
      var change = change
      if let index = space.index(of: change.name), change.first != nil, change.second != nil {
        change.share = Self.share(
          space.parameters[index].kind, first.values[index] - second.values[index])
      }
      return change
    }.enumerated().sorted { left, right in
      let sizes = (left.element.size, right.element.size)
      return sizes.0 == sizes.1 ? left.offset < right.offset : sizes.0 > sizes.1
    }.map(\.element)
  }

  private static func share(_ kind: SearchParameter.Kind, _ difference: Double) -> Double? {
    switch kind {
    case .real(let range?, _, _): difference / (range.upperBound - range.lowerBound)
    case .integer(let range, _, _) where range.count > 1:
      difference / Double(range.upperBound - range.lowerBound)
    case .real, .integer, .categorical: nil
    }
  }
}

extension ParameterChanges.Change {
  fileprivate var size: Double { share.map { abs($0) } ?? .infinity }
}
