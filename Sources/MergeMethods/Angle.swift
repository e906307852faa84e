import Randomness

/// An angle between two vectors that are not parallel, with sines that every CPU rounds alike.
struct Angle {
  /// In whole turns, within 0...0.5.
  let turns: Double

  /// - Precondition: `-1 < cosine < 1`.
  init(cosine: Double) {
    // Abramowitz and Stegun 4.4.45 has an error below 7e-5; each Newton step squares it.
    let x = abs(cosine)
    let polynomial = ((-0.0187293 * x + 0.0742610) * x - 0.2121144) * x + 1.5707288
    var turns = polynomial * (1 - x).squareRoot() / (2 * Double.pi)
    if cosine < 0 { turns = 0.5 - turns }
    for _ in 0..<3 {
      let (sine, value) = Deterministic.sineAndCosine(turns: turns)
      turns += (value - cosine) / sine / (2 * Double.pi)
    }
    self.turns = turns
  }

  func sine(times factor: Double) -> Double {
    Deterministic.sineAndCosine(turns: factor * turns).sine
  }

  var radians: Double { turns * 2 * Double.pi }

  static func sineAndCosine(radians: Double) -> (sine: Double, cosine: Double) {
    Deterministic.sineAndCosine(turns: radians / (2 * Double.pi))
  }
}
