import Foundation
import Randomness
import Testing

/// The C library is the reference here; it is correct within one unit in the last place.
@Suite("Deterministic elementary functions") struct DeterministicTests {
  static func examples(_ count: Int, _ range: ClosedRange<Double>, seed: UInt64) -> [Double] {
    let stream = RandomStream(seed: seed, purpose: .examples)
    return (0..<count).map {
      range.lowerBound + (range.upperBound - range.lowerBound) * stream.uniform(at: $0)
    }
  }

  static func worst(
    _ values: [Double], _ ours: (Double) -> Double, _ reference: (Double) -> Double
  ) -> Double {
    values.map { value in
      let expected = reference(value)
      return abs(ours(value) - expected) / max(expected.magnitude.ulp, 0x1p-1074)
    }.max() ?? 0
  }

  @Test("log") func logarithm() {
    let near = Self.examples(4000, 0.5...2, seed: 1)
    let wide = Self.examples(4000, -700...700, seed: 2).map { Foundation.exp($0) }
    #expect(
      Self.worst(
        near + wide + [.leastNormalMagnitude, .leastNonzeroMagnitude], Deterministic.log, log) <= 1)
    #expect(Deterministic.log(1) == 0)
    #expect(Deterministic.log(0) == -.infinity)
    #expect(Deterministic.log(.infinity) == .infinity)
    #expect(Deterministic.log(-1).isNaN)
    #expect(Deterministic.log(.nan).isNaN)
  }

  @Test("exp") func exponential() {
    let values =
      Self.examples(4000, -1...1, seed: 3) + Self.examples(4000, -745...709.7, seed: 4)
    #expect(Self.worst(values, Deterministic.exp, exp) <= 1)
    #expect(Deterministic.exp(0) == 1)
    #expect(Deterministic.exp(1) == M_E)
    #expect(Deterministic.exp(800) == .infinity)
    #expect(Deterministic.exp(-800) == 0)
    #expect(Deterministic.exp(-.infinity) == 0)
    #expect(Deterministic.exp(.nan).isNaN)
  }

  @Test("sine and cosine of turns") func circle() {
    // The reference takes the reduced angle, since 2π·t itself is rounded.
    for turns in Self.examples(4000, 0...0.125, seed: 5) {
      let (s, c) = Deterministic.sineAndCosine(turns: turns)
      let angle = 2 * Double.pi * turns
      #expect(abs(s - sin(angle)) <= 2 * s.ulp)
      #expect(abs(c - cos(angle)) <= 2 * c.ulp)
    }
    for turns in Self.examples(500, -1...1, seed: 6) {
      let (s, c) = Deterministic.sineAndCosine(turns: turns)
      #expect(abs(s - sin(2 * Double.pi * turns)) < 1e-15)
      #expect(abs(c - cos(2 * Double.pi * turns)) < 1e-15)
    }
    for (turns, expected) in [(0.0, (0.0, 1.0)), (0.25, (1, 0)), (0.5, (0, -1)), (0.75, (-1, 0))] {
      let (s, c) = Deterministic.sineAndCosine(turns: turns)
      #expect(s == expected.0 && c == expected.1)
    }
    #expect(Deterministic.sineAndCosine(turns: 1e300).cosine == 1)
    #expect(Deterministic.sineAndCosine(turns: .infinity).sine.isNaN)
  }

  @Test("error function and its complement") func errorFunction() {
    let values = Self.examples(4000, -6...6, seed: 7) + Self.examples(2000, -0.6...0.6, seed: 8)
    #expect(Self.worst(values, Deterministic.erf, erf) <= 2)
    #expect(
      Self.worst(values + Self.examples(2000, 0...26, seed: 9), Deterministic.erfc, erfc) <= 4)
    #expect(Deterministic.erf(0) == 0)
    #expect(Deterministic.erfc(0) == 1)
    #expect(Deterministic.erfc(30) == 0)
    #expect(Deterministic.erfc(-30) == 2)
    #expect(Deterministic.erf(.nan).isNaN)
  }

  @Test("the normal quantile inverts the normal probability") func quantile() {
    // Known to 16 digits: 1 %, 2.5 % and 1e-10 quantiles.
    #expect(abs(Deterministic.normalQuantile(0.01) + 2.3263478740408408) < 1e-14)
    #expect(abs(Deterministic.normalQuantile(0.025) + 1.9599639845400545) < 1e-14)
    #expect(abs(Deterministic.normalQuantile(1e-10) + 6.361340902404056) < 1e-14)
    for exponent in Self.examples(400, -690 ... -0.7, seed: 10) {
      let p = exp(exponent)
      let z = Deterministic.normalQuantile(p)
      // dp/p = |z| dz at least, so this allows a few units in the last place of z.
      #expect(abs(Deterministic.normalProbability(below: z) / p - 1) < 1e-15 * (4 + z * z))
      #expect(p < 1e-3 || abs(Deterministic.normalQuantile(1 - p) + z) < 1e-12)
    }
    #expect(Deterministic.normalQuantile(0.5) == 0)
    #expect(Deterministic.normalQuantile(0) == -.infinity)
    #expect(Deterministic.normalQuantile(1) == .infinity)
    #expect(Deterministic.normalQuantile(.nan).isNaN)
    #expect(Deterministic.normalQuantile(.leastNonzeroMagnitude) < -37)
  }

  @Test("the inverse error function inverts the error function") func inverse() {
    for y in Self.examples(500, -0.999...0.999, seed: 11) {
      #expect(abs(Deterministic.erf(Deterministic.erfInverse(y)) - y) < 4e-16)
    }
    #expect(Deterministic.erfInverse(0) == 0)
    #expect(abs(Deterministic.erfInverse(0.5) - 0.4769362762044699) < 1e-15)
    #expect(Deterministic.erfInverse(1) == .infinity)
    #expect(Deterministic.erfInverse(-1) == -.infinity)
    #expect(Deterministic.erfInverse(1.5).isNaN)
  }

  /// Bits recorded on x86-64; they must be the same on every machine.
  @Test("results have the recorded bits") func recordedBits() {
    var hash: UInt64 = 0
    func absorb(_ value: Double) { hash = SplitMix64.output(hash ^ value.bitPattern) }
    for x in Self.examples(300, 0.001...8, seed: 12) {
      absorb(Deterministic.log(x))
      absorb(Deterministic.exp(-x))
      absorb(Deterministic.sineAndCosine(turns: x).sine)
      absorb(Deterministic.sineAndCosine(turns: x).cosine)
      absorb(Deterministic.erfc(x))
      absorb(Deterministic.normalQuantile(x / 8.1))
      absorb(Deterministic.erfInverse(x / 8.1))
    }
    for value in RandomStream(seed: 99, purpose: .gaussian).normals(100) { absorb(value) }
    #expect(hash == 11_767_314_060_337_941_733)
  }
}
