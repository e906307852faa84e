import Recipes
import Testing

@testable import MergeMethods

@Suite("ram and ramplus_tl")
struct RAMTests {
  /// Differences of which many are zero.
  private func sparse(_ seed: UInt64) -> ShapedTensors {
    let tensors = ShapedTensors(seed: seed, models: 1 + Int(seed % 4))
    return ShapedTensors(
      shape: tensors.shape,
      rows: tensors.rows.enumerated().map { model, row in
        model == 0
          ? row
          : zip(row, tensors.rows[0]).map { abs($0 - $1) > 0.08 ? $0 : $1 }
      })
  }

  @Test("agree with the definition", arguments: 0..<20 as Range<UInt64>)
  func definition(seed: UInt64) throws {
    let tensors = sparse(seed)
    let epsilon = [1e-5, 0.1, 0][Int(seed % 3)]
    let plain = PlainMethods.ram(tensors.exactDeltas, epsilon: Double(Float(epsilon)))
    let ram = Trial(.ram, tensors.rows, shared: [.epsilon: .real(epsilon)])
    #expect(distance(try ram.merged(), from: PlainMethods.plus(tensors.base, plain)) <= 1e-6)
    let enlarged = PlainMethods.ram(
      tensors.exactDeltas, epsilon: Double(Float(epsilon)), r: 0.3, alpha: 0.5)
    let plus = Trial(
      .ramPlusTL, tensors.rows,
      shared: [.epsilon: .real(epsilon), .r: .real(0.3), .alpha: .real(0.5)])
    #expect(distance(try plus.merged(), from: PlainMethods.plus(tensors.base, enlarged)) <= 1e-6)
  }

  @Test("differences up to epsilon leave the base exactly")
  func inactive() throws {
    let rows: [[Float]] = [[1, 2, -0.0], [1 + 1e-6, 5, 0], [1, 3, 0]]
    let merged = try Trial(.ram, rows).merged()
    #expect(merged == [1, 4, 0])
  }

  @Test("the overlap is capped by alpha, and r scales it")
  func overlap() throws {
    // Model 1 shares two elements and has one alone; model 2 has none alone.
    let rows: [[Float]] = [[0, 0, 0], [1, 1, 1], [3, 3, 0]]
    func merged(_ r: Double, _ alpha: Double) throws -> [Float] {
      try Trial(.ramPlusTL, rows, shared: [.r: .real(r), .alpha: .real(alpha)]).merged()
    }
    #expect(try merged(0.1, 5) == [2, 2, 1.2])
    #expect(try merged(0.5, 0.5) == [2, 2, 1.25])
  }

  @Test("the base alone is returned")
  func baseAlone() throws {
    #expect(try Trial(.ram, [[1, 2]]).merged() == [1, 2])
    #expect(try Trial(.ramPlusTL, [[1, 2]]).merged() == [1, 2])
  }
}
