import Foundation
import MergeMethods
import Recipes
import Testing

@testable import MergeMethods

@Suite("slerp")
struct SlerpTests {
  private func slerp(_ base: [Float], _ other: [Float], _ t: Double) throws -> [Float] {
    try Trial(.slerp, [base, other], shared: [.t: .real(t)]).merged()
  }

  /// The definition in double precision.
  private func reference(_ a: [Float], _ b: [Float], _ t: Double) -> [Double] {
    let (x, y) = (a.map(Double.init), b.map(Double.init))
    func norm(_ v: [Double]) -> Double {
      let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return norm <= 1e-8 ? 1 : norm
    }
    let cosine = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } / norm(x) / norm(y)
    if abs(cosine) > 0.9995 { return zip(x, y).map { (1 - t) * $0 + t * $1 } }
    let angle = acos(max(-1, min(1, cosine)))
    let (ca, cb) = (sin((1 - t) * angle) / sin(angle), sin(t * angle) / sin(angle))
    return zip(x, y).map { ca * $0 + cb * $1 }
  }

  @Test("agrees with the definition", arguments: 0..<6 as Range<UInt64>, [-0.3, 0, 0.35, 1, 1.2])
  func definition(seed: UInt64, t: Double) throws {
    let rows = family(models: 1, count: 777, seed: seed, spread: [0.01, 0.3, 1, 3][Int(seed) % 4])
    let expected = reference(rows[0], rows[1], Double(Float(t))).map { Float($0) }
    #expect(distance(try slerp(rows[0], rows[1], t), expected) <= 3e-7)
  }

  @Test("t = 0 is the base and t = 1 the other, exactly", arguments: [Float(0.01), 0.5])
  func extremes(spread: Float) throws {
    let rows = family(models: 1, count: 300, seed: 5, spread: spread)
    #expect(try slerp(rows[0], rows[1], 0) == rows[0])
    #expect(try slerp(rows[0], rows[1], 1) == rows[1])
  }

  @Test("a zero tensor counts as perpendicular")
  func zero() throws {
    let merged = try slerp([0, 0, 0], [1, -2, 4], 0.5)
    #expect(distance(merged, [1, -2, 4].map { Float(0.5.squareRoot()) * $0 }) <= 1e-7)
  }

  @Test("opposite tensors are interpolated linearly")
  func antipodes() throws {
    #expect(try slerp([1, 2, -4], [-1, -2, 4], 0.25) == [0.5, 1, -2])
  }

  @Test("the angle and its sines agree with the C library to 1e-14")
  func angles() {
    for step in -999...999 {
      let cosine = Double(step) / 1000.2
      let angle = Angle(cosine: cosine)
      #expect(abs(angle.turns * 2 * .pi - acos(cosine)) <= 1e-13)
      #expect(abs(angle.sine(times: 0.3) - sin(0.3 * acos(cosine))) <= 1e-14)
    }
  }
}
