/// Carries points of one space to another that knows the same parameters, perhaps at another
/// resolution over depth: from knots to a number per layer, or back.
///
/// Parameters correspond by name. The points `weight.a[0]`, `weight.a[1]`, … of a profile are taken as
/// equally spaced from the first layer to the last, with straight lines between. A component's
/// coefficient that the source lacks follows the coefficient of all tensors.
public struct ParameterTransfer: Hashable, Sendable {
  public struct Share: Hashable, Sendable {
    /// Index of a parameter of the source.
    public let source: Int
    public let weight: Double
  }

  public let source: SearchSpace
  public let target: SearchSpace
  /// Per parameter of the target what it takes from the source, weights summing to 1; empty: the
  /// source does not know it.
  public let shares: [[Share]]
  /// Whether some parameter has another number of points in the source.
  public let isInterpolated: Bool

  public init(from source: SearchSpace, to target: SearchSpace) {
    let known = Curve.all(in: source)
    var shares = target.parameters.map { _ in [Share]() }
    var isInterpolated = false
    for (label, curve) in Curve.all(in: target) {
      guard let origin = known[label] ?? Self.withoutComponent(label).flatMap({ known[$0] }),
        origin.isCategorical == curve.isCategorical
      else { continue }
      if origin.points.count != curve.points.count { isInterpolated = true }
      for (position, parameter) in curve.points.enumerated() {
        shares[parameter] = origin.shares(at: position, of: curve.points.count)
      }
    }
    self.source = source
    self.target = target
    self.shares = shares
    self.isInterpolated = isInterpolated
  }

  private static let components = ModelComponent.allCases.map(\.rawValue) + ["rest"]

  private static func withoutComponent(_ label: String) -> String? {
    components.first { label.hasSuffix(".\($0)") }.map { String(label.dropLast($0.count + 1)) }
  }

  /// Whether the spaces have any parameter in common.
  public var isEmpty: Bool { shares.allSatisfy(\.isEmpty) }

  /// The source's parameter with the largest share in one of the target's.
  public func nearest(to parameter: Int) -> Int? {
    shares[parameter].max { $0.weight < $1.weight }?.source
  }

  /// The image of a point; parameters that the source does not know are at their start.
  public func genome(_ genome: Genome) -> Genome {
    var values = target.start.values
    for (index, parameter) in target.parameters.enumerated() where !shares[index].isEmpty {
      if case .categorical = parameter.kind {
        guard let nearest = nearest(to: index),
          let choice = self.choice(Int(genome.values[nearest]), of: nearest, for: index)
        else { continue }
        values[index] = Double(choice)
        continue
      }
      let value = shares[index].reduce(0) { $0 + $1.weight * genome.values[$1.source] }
      let bounds = parameter.kind.bounds
      values[index] = min(
        max(parameter.kind.isDiscrete ? value.rounded() : value, bounds.lowerBound),
        bounds.upperBound)
    }
    return Genome(values: values)
  }

  /// The probabilities of a target's choices from those of a source's, matched by their names; nil if
  /// they have none in common.
  public func probabilities(
    _ probabilities: [Double], of source: Int, for target: Int
  ) -> [Double]? {
    guard case .categorical(let names, _) = self.target.parameters[target].kind else {
      return probabilities
    }
    var moved = [Double](repeating: 0, count: names.count)
    for (choice, probability) in probabilities.enumerated() {
      if let image = self.choice(choice, of: source, for: target) { moved[image] = probability }
    }
    let sum = moved.reduce(0, +)
    return sum > 0 ? moved.map { $0 / sum } : nil
  }

  private func choice(_ choice: Int, of source: Int, for target: Int) -> Int? {
    guard case .categorical(let from, _) = self.source.parameters[source].kind,
      case .categorical(let to, _) = self.target.parameters[target].kind,
      from.indices.contains(choice)
    else { return nil }
    return to.firstIndex(of: from[choice])
  }
}

/// The parameters that are the points of one profile, in the order of depth.
private struct Curve {
  var points: [Int]
  let isCategorical: Bool

  static func all(in space: SearchSpace) -> [String: Curve] {
    var curves: [String: Curve] = [:]
    for (index, parameter) in space.parameters.enumerated() {
      let label = parameter.name.lastIndex(of: "[").map { String(parameter.name[..<$0]) }
      let isCategorical = if case .categorical = parameter.kind { true } else { false }
      curves[label ?? parameter.name, default: Curve(points: [], isCategorical: isCategorical)]
        .points.append(index)
    }
    return curves
  }

  /// What point `position` of `count` equally spaced ones takes from these; a single one takes the mean.
  func shares(at position: Int, of count: Int) -> [ParameterTransfer.Share] {
    typealias Share = ParameterTransfer.Share
    guard points.count > 1 else { return [Share(source: points[0], weight: 1)] }
    guard count > 1 else {
      return points.map { Share(source: $0, weight: 1 / Double(points.count)) }
    }
    let place = Double(position) * Double(points.count - 1) / Double(count - 1)
    let left = min(Int(place), points.count - 2)
    let share = place - Double(left)
    return [(left, 1 - share), (left + 1, share)].filter { $0.1 > 0 }.map {
      Share(source: points[$0.0], weight: $0.1)
    }
  }
}
