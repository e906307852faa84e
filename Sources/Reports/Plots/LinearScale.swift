/// Maps values to positions along an axis, with ticks at round values.
struct LinearScale: Sendable, Hashable {
  /// Shown values; never a single point.
  let low: Double
  let high: Double
  /// Pixels of `low` and `high`; the end may lie before the start.
  let start: Double
  let end: Double

  /// Covers all finite `values` with a margin of `padding` times their spread on each side.
  init(
    covering values: some Sequence<Double>, padding: Double = 0, from start: Double, to end: Double
  ) {
    var least = Double.infinity
    var greatest = -Double.infinity
    for value in values where value.isFinite {
      least = min(least, value)
      greatest = max(greatest, value)
    }
    if least > greatest { (least, greatest) = (0, 1) }
    if least == greatest {
      let reach = max(abs(least) * 0.1, 0.05)
      (least, greatest) = (least - reach, greatest + reach)
    }
    let margin = (greatest - least) * padding
    low = least - margin
    high = greatest + margin
    self.start = start
    self.end = end
  }

  func callAsFunction(_ value: Double) -> Double {
    start + (value - low) / (high - low) * (end - start)
  }

  /// Multiples of 1, 2 or 5 times a power of ten inside the scale, at most about `count` of them.
  func ticks(atMost count: Int) -> [Tick] {
    let step = Self.step(span: high - low, count: max(1, count))
    guard step.size.isFinite, step.size > 0 else { return [] }
    let first = (low / step.size).rounded(.up)
    let last = (high / step.size).rounded(.down)
    guard last >= first, last - first < 1000 else { return [] }
    return stride(from: first, through: last, by: 1).map { index in
      let value = index * step.size
      return Tick(value: value, position: self(value), label: fixed(value, step.digits))
    }
  }

  struct Tick: Sendable, Hashable {
    var value: Double
    var position: Double
    var label: String
  }

  /// The smallest round step that gives at most `count` intervals, and the decimals that it needs.
  private static func step(span: Double, count: Int) -> (size: Double, digits: Int) {
    let raw = span / Double(count)
    var power = 1.0
    var digits = 0
    while power > raw, digits < 15 {
      power /= 10
      digits += 1
    }
    while power * 10 <= raw, power < 1e300 {
      power *= 10
      digits -= 1
    }
    for factor in [1.0, 2, 5] where power * factor >= raw {
      return (power * factor, max(0, digits))
    }
    return (power * 10, max(0, digits - 1))
  }
}
