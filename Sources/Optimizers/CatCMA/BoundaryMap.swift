/// Maps the whole line smoothly into an interval, so that an optimum on a bound becomes an ordinary
/// one: the identity inside, rounded corners, mirrored outside.
///
/// C¹ everywhere, monotone on [lower − a, upper + a]. The optimizer works with x, the objective
/// sees T(x).
struct BoundaryMap {
  let lower: Double
  let upper: Double
  /// Half the width of a rounded corner.
  let corner: Double

  /// Corners of a twentieth of the width.
  init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
    corner = 0.05 * (upper - lower)
  }

  func callAsFunction(_ point: Double) -> Double {
    let period = 2 * (upper - lower + 2 * corner)
    let start = lower - 2 * corner - (upper - lower) / 2
    var x = point
    if x < start || x > start + period { x -= period * ((x - start) / period).rounded(.down) }
    if x > upper + corner { x = 2 * (upper + corner) - x }
    if x < lower - corner { x = 2 * (lower - corner) - x }
    if x < lower + corner {
      let rise = x - (lower - corner)
      return min(max(lower + rise * rise / (4 * corner), lower), upper)
    }
    if x > upper - corner {
      let fall = x - (upper + corner)
      return min(max(upper - fall * fall / (4 * corner), lower), upper)
    }
    return x
  }

  /// The point of [lower − a, upper + a] that maps to `value`, which lies in [lower, upper].
  func inverse(_ value: Double) -> Double {
    if value < lower + corner {
      return lower - corner + 2 * (corner * max(0, value - lower)).squareRoot()
    }
    if value > upper - corner {
      return upper + corner - 2 * (corner * max(0, upper - value)).squareRoot()
    }
    return value
  }
}
