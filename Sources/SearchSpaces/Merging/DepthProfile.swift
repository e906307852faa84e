import Recipes

/// How a coefficient varies over the layers, and the numbers that say so.
public enum DepthProfile: Hashable, Sendable, Codable {
  /// One number.
  case global
  /// Equally spaced points with straight lines between: mergekit's gradient list.
  case knots(Int)
  /// One number for every so many consecutive layers.
  case layersPerGroup(Int)
  /// One number per layer.
  case layer

  /// The numbers it takes for a model of `layers` layers.
  func pointCount(layers: Int) -> Int {
    switch self {
    case .global: 1
    case .knots(let count): count
    case .layersPerGroup(let size): (layers + size - 1) / size
    case .layer: layers
    }
  }

  /// The curve of a recipe; embeddings take its first value.
  func curve(_ points: [Double], layers: Int) -> ParameterCurve {
    if points.count == 1 { return .constant(.real(points[0])) }
    guard case .layersPerGroup(let size) = self else { return .gradient(points) }
    return .gradient((0..<layers).map { points[$0 / size] })
  }

  /// The points that ``curve(_:layers:)`` makes `curve` from; nil if it makes none of that form.
  func points(of curve: ParameterCurve, layers: Int) -> [Double]? {
    let values = curve.scalars.compactMap { if case .real(let value) = $0 { value } else { nil } }
    let points: [Double]
    if case .layersPerGroup(let size) = self, values.count == layers {
      points = stride(from: 0, to: layers, by: size).map { values[$0] }
    } else {
      points = values
    }
    guard points.count == pointCount(layers: layers), self.curve(points, layers: layers) == curve
    else { return nil }
    return points
  }

  /// Whether a point has a share in the value of a layer.
  func uses(point: Int, in layer: Int, layers: Int) -> Bool {
    switch self {
    case .global: return true
    case .layersPerGroup(let size): return layer / size == point
    case .layer: return layer == point
    case .knots(let count):
      guard layers > 1 else { return point == count - 1 }
      let position = layer * (count - 1)
      // A knot reaches to its neighbours at distance (layers − 1) in these units.
      return abs(position - point * (layers - 1)) < layers - 1
    }
  }
}

extension DepthProfile: CustomStringConvertible {
  public var description: String {
    switch self {
    case .global: "global"
    case .knots(let count): "\(count) knots"
    case .layersPerGroup(let size): "\(size) layers per group"
    case .layer: "one number per layer"
    }
  }
}
