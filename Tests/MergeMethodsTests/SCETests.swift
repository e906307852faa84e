import Recipes
import Testing

@testable import MergeMethods

@Suite("sce")
struct SCETests {
  private func sce(_ rows: [[Float]], _ selected: Double) throws -> [Float] {
    try Trial(.sce, rows, shared: [.selectTopK: .real(selected)]).merged()
  }

  @Test(
    "selects, erases and averages", arguments: 0..<20 as Range<UInt64>,
    [0.05, 0.29, 0.5, 0.93, 1])
  func definition(seed: UInt64, selected: Double) throws {
    var tensors = ShapedTensors(seed: seed, models: 2 + Int(seed % 3))
    // Coarse numbers: equal variances at the cut, and none where models agree.
    if seed % 3 == 0 {
      tensors = ShapedTensors(
        shape: tensors.shape, rows: tensors.rows.map { $0.map { ($0 * 8).rounded() / 8 } })
    }
    let expected = PlainMethods.plus(
      tensors.base, PlainMethods.sce(tensors.exactDeltas, selected: selected))
    #expect(distance(try sce(tensors.rows, selected), from: expected) <= 1e-6)
  }

  @Test("small differences have equal shares")
  func tiny() throws {
    let rows: [[Float]] = [[0, 0], [1e-4, 2e-4], [3e-4, 0]]
    #expect(distance(try sce(rows, 1), [2e-4, 2e-4]) <= 1e-6)
  }

  @Test("a single model has no variance: less than everything selects nothing")
  func single() throws {
    let rows: [[Float]] = [[1, 2, 3], [2, 0, 7]]
    #expect(try sce(rows, 0.99) == rows[0])
    #expect(try sce(rows, 1) == rows[1])
    #expect(try sce([rows[0]], 0.5) == rows[0])
  }

  @Test("the number of selected elements is a product in single precision")
  func counts() throws {
    let base = [Float](repeating: 0, count: 100)
    let rows = [base, (1...100).map { Float($0) }, base]
    #expect(try sce(rows, 0.29).count { $0 != 0 } == 29)
    #expect(try sce(rows, 0.009).count { $0 != 0 } == 0)
    #expect(try sce(rows, 0) == base)
  }
}
