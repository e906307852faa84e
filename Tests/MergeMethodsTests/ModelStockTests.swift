import Diagnostics
import Recipes
import Testing

@testable import MergeMethods

@Suite("model_stock")
struct ModelStockTests {
  @Test("agrees with the definition, by tensor and by row", arguments: 0..<20 as Range<UInt64>)
  func definition(seed: UInt64) throws {
    let tensors = ShapedTensors(seed: seed, models: 2 + Int(seed % 3))
    let deltas = tensors.exactDeltas
    for filterWise in [false, true] {
      var expected = tensors.base
      for line in filterWise ? tensors.lastAxisLines : [Array(expected.indices)] {
        let share =
          PlainMethods.modelStock(deltas.map { delta in line.map { delta[$0] } })
          / Double(deltas.count)
        for element in line {
          expected[element] += share * deltas.reduce(0) { $0 + $1[element] }
        }
      }
      var trial = Trial(.modelStock, tensors.rows, shared: [.filterWise: .boolean(filterWise)])
      trial.shape = tensors.shape
      #expect(distance(try trial.merged(), from: expected) <= 1e-6, "\(tensors.shape)")
    }
  }

  @Test("opposite differences return the base, equal ones the models")
  func extremes() throws {
    let base: [Float] = [1, 2, 3]
    #expect(try Trial(.modelStock, [base, [2, 3, 4], [0, 1, 2]]).merged() == base)
    #expect(
      distance(try Trial(.modelStock, [base, [2, 3, 4], [2, 3, 4]]).merged(), [2, 3, 4]) <= 1e-7)
  }

  @Test("differences below the floor of their lengths have small cosines")
  func floor() throws {
    // Lengths of 1e-4: the cosine is 1e-8 / 1e-6, so t = 2 · 0.01 / 1.01.
    let found = try Trial(.modelStock, [[0], [1e-4], [1e-4]]).merged()
    #expect(abs(found[0] - 1e-4 * 0.02 / 1.01) <= 1e-11)
  }
}
