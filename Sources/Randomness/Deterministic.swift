/// Elementary functions made of +, −, ×, ÷ and √ only, so that every CPU gives the same bits.
///
/// The C library's `log`, `exp` and `sin` differ in the last bit between versions and machines, and
/// an optimizer's population must not. Errors stay within 2 units in the last place (4 for `erfc`).
public enum Deterministic {
  // ln 2 in two parts; the first has 21 trailing zero bits, so k · high is exact for |k| < 2²⁰.
  static let ln2High = 0x1.62e42fee00000p-1
  static let ln2Low = 0x1.a39ef35793c76p-33

  /// Natural logarithm; −∞ at 0, NaN below.
  public static func log(_ x: Double) -> Double {
    guard x > 0 else { return x == 0 ? -.infinity : .nan }
    guard x < .infinity else { return x }
    var exponent = Double(x.exponent)
    var mantissa = x.significand
    if mantissa > 1.4142135623730951 {
      mantissa *= 0.5
      exponent += 1
    }
    // ln(1 + f) = 2 artanh(s) with s = f / (2 + f), |s| < 0.1716.
    let f = mantissa - 1
    let s = f / (2 + f)
    let z = s * s
    var tail = 2.0 / 25
    for term in artanhTerms { tail = tail * z + term }
    tail *= z
    let halfSquare = 0.5 * f * f
    return exponent * ln2High - ((halfSquare - (s * (halfSquare + tail) + exponent * ln2Low)) - f)
  }

  private static let artanhTerms: [Double] = [
    2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5,
    2.0 / 3,
  ]

  /// The exponential function; 0 below −745.2, ∞ above 709.8.
  public static func exp(_ x: Double) -> Double {
    guard x < 709.782712893384 else { return x.isNaN ? x : .infinity }
    guard x > -745.1332191019412 else { return x.isNaN ? x : 0 }
    // x = k ln 2 + r, |r| <= 0.347; the rounding error of r is carried in `lost`.
    let k = (x * 1.4426950408889634).rounded()
    let high = x - k * ln2High
    let low = k * ln2Low
    let r = high - low
    let lost = (high - r) - low
    var series = 1.0 / 87_178_291_200
    for reciprocal in reciprocalFactorials { series = series * r + reciprocal }
    let value = 1 + (r + (r * r * series + lost * (1 + r)))
    return scaled(value, by: Int(k))
  }

  // 1/13!, 1/12!, … 1/2!
  private static let reciprocalFactorials: [Double] = [
    1.0 / 6_227_020_800, 1.0 / 479_001_600, 1.0 / 39_916_800, 1.0 / 3_628_800, 1.0 / 362_880,
    1.0 / 40_320, 1.0 / 5_040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5,
  ]

  /// `value` · 2^`power`, in steps that round once even where the result is subnormal.
  private static func scaled(_ value: Double, by power: Int) -> Double {
    func two(_ power: Int) -> Double {
      Double(sign: .plus, exponent: power, significand: 1)
    }
    if power < -1021 { return value * two(power + 1000) * two(-1000) }
    if power > 1023 { return value * two(power - 1) * 2 }
    return value * two(power)
  }

  /// sin 2πt and cos 2πt for a finite t, NaN otherwise; exact at multiples of a quarter turn.
  public static func sineAndCosine(turns: Double) -> (sine: Double, cosine: Double) {
    guard turns.isFinite else { return (.nan, .nan) }
    let part = turns - turns.rounded()
    let quarter = (4 * part).rounded()
    let angle = 6.283185307179586 * (part - 0.25 * quarter)  // |angle| <= π/4
    let z = angle * angle
    var sine = -1.0 / 1_307_674_368_000
    var cosine = 1.0 / 20_922_789_888_000
    for term in sineTerms { sine = sine * z + term }
    for term in cosineTerms { cosine = cosine * z + term }
    let s = angle + angle * z * sine
    let halfSquare = 0.5 * z
    let leading = 1 - halfSquare
    let c = leading + (((1 - leading) - halfSquare) + z * z * cosine)
    switch Int(quarter) & 3 {
    case 0: return (s, c)
    case 1: return (c, -s)
    case 2: return (-s, -c)
    default: return (-c, s)
    }
  }

  // 1/13!, −1/11!, … −1/3!
  private static let sineTerms: [Double] = [
    1.0 / 6_227_020_800, -1.0 / 39_916_800, 1.0 / 362_880, -1.0 / 5_040, 1.0 / 120, -1.0 / 6,
  ]
  // −1/14!, 1/12!, … 1/4!
  private static let cosineTerms: [Double] = [
    -1.0 / 87_178_291_200, 1.0 / 479_001_600, -1.0 / 3_628_800, 1.0 / 40_320, -1.0 / 720, 1.0 / 24,
  ]

  /// `base` to a real power, for a positive base; the error grows with |power · ln base|.
  public static func power(_ base: Double, _ power: Double) -> Double { exp(power * log(base)) }
}
