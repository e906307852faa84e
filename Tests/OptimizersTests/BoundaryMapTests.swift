import Randomness
import Testing

@testable import Optimizers

@Suite("Boundary map") struct BoundaryMapTests {
  @Test("is the identity inside and reaches the bounds at the corners' ends")
  func shape() {
    let map = BoundaryMap(lower: 0, upper: 1)
    for x in [0.05, 0.2, 0.5, 0.95] { #expect(map(x) == x) }
    #expect(map(-0.05) == 0)
    #expect(abs(map(1.05) - 1) < 1e-15)
    #expect(abs(map(0) - 0.0125) < 1e-15)
    #expect(abs(map(1) - 0.9875) < 1e-15)
  }

  @Test("mirrors and repeats outside", arguments: [(0.0, 1.0), (-0.2, 1.6), (3, 3.5)])
  func folding(lower: Double, upper: Double) {
    let map = BoundaryMap(lower: lower, upper: upper)
    let width = upper - lower
    let period = 2.2 * width
    for step in -60...60 {
      let x = lower + width * Double(step) / 12.3
      #expect(abs(map(x) - map(2 * (upper + 0.05 * width) - x)) < 1e-14)
      #expect(abs(map(x) - map(x + 3 * period)) < 1e-13)
      #expect(map(x) >= lower && map(x) <= upper)
    }
  }

  @Test("is continuously differentiable and rises between the corners") func smoothness() {
    let map = BoundaryMap(lower: 0, upper: 1)
    let h = 1e-7
    var previous = 0.0
    for step in 0...2200 {
      let x = -0.05 + Double(step) * 0.0005
      let slope = (map(x + h) - map(x - h)) / (2 * h)
      #expect(slope > -1e-6)
      #expect(step == 0 || abs(slope - previous) < 0.0055)
      previous = slope
    }
  }

  @Test("is inverted on the interval", arguments: [(0.0, 1.0), (-0.2, 1.6)])
  func inverse(lower: Double, upper: Double) {
    let map = BoundaryMap(lower: lower, upper: upper)
    for step in 0...200 {
      let value = lower + (upper - lower) * Double(step) / 200
      let x = map.inverse(value)
      #expect(abs(map(x) - value) < 1e-15)
      #expect(x >= lower - map.corner && x <= upper + map.corner + 1e-15)
    }
  }

  @Test("stays inside however far the point is") func extremes() {
    let map = BoundaryMap(lower: 0, upper: 1)
    for x in [1e15, -1e15, 1e300, -.greatestFiniteMagnitude] {
      #expect((0.0...1.0).contains(map(x)))
    }
  }
}
