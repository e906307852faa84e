import Diagnostics
import MergeMethods
import Recipes
import Testing

@Suite("linear")
struct LinearTests {
  private let rows: [[Float]] = [[1, -0.0, 3, 1e-3], [2, 5, -3, 4e-3]]

  @Test("divides the sum by the weights, in single precision")
  func average() throws {
    let merged = try Trial(.linear, rows, [.weight: [1, 3]]).merged()
    let expected = zip(rows[0], rows[1]).map { (1 * $0 + 3 * $1) / 4 as Float }
    #expect(merged == expected)
  }

  @Test("sums as it is without normalize, negative weights included")
  func sum() throws {
    let trial = Trial(
      .linear, rows, [.weight: [1.3, -0.4]], shared: [.normalize: .boolean(false)])
    #expect(try trial.merged() == zip(rows[0], rows[1]).map { 1.3 * $0 + -0.4 * $1 })
  }

  @Test("weights 1 and 0 yield a parent exactly, and the other is not read")
  func extremes() throws {
    for (weights, parent) in [([1.0, 0.0], 0), ([0.0, 1.0], 1)] {
      let trial = Trial(.linear, rows, [.weight: weights])
      #expect(try trial.merged() == rows[parent])
      #expect(try trial.prepared().operands == [parent])
    }
  }

  @Test("leaving out an input of weight 0 changes no bit")
  func skipping() throws {
    let third: [Float] = [7, -8, -0.0, 0]
    let two = Trial(.linear, rows, [.weight: [0.3, 0.9]]).shared
    let with = Trial(.linear, rows + [third], [.weight: [0.3, 0.9, 0]], shared: two)
    let without = Trial(.linear, rows, [.weight: [0.3, 0.9]])
    #expect(try with.merged().map(\.bitPattern) == without.merged().map(\.bitPattern))
  }

  @Test("all weights 0 without normalize yield zeros")
  func zeros() throws {
    let trial = Trial(.linear, rows, [.weight: [0, 0]], shared: [.normalize: .boolean(false)])
    #expect(try trial.merged() == [0, 0, 0, 0])
  }

  @Test("refuses weights that cancel", arguments: [[1.0, -1.0], [0, 0], [0.1, -0.1]])
  func cancelling(weights: [Double]) {
    let list = weights.map { Float($0).description }.joined(separator: ", ")
    #expect(
      throws: Diagnostic(
        "the weights \(list) sum to 0, so they cannot be normalized", at: "recipe.yaml: tensor w",
        fix: "change a weight, or set 'normalize: false'")
    ) {
      try Trial(.linear, rows, [.weight: weights]).merged()
    }
  }

  @Test("refuses weights of which only rounding remains")
  func rounding() {
    #expect(throws: Diagnostic.self) {
      try Trial(.linear, rows + [rows[0]], [.weight: [0.1, 0.2, -0.3]]).merged()
    }
  }
}

@Suite("passthrough")
struct PassthroughTests {
  private let row: [Float] = [1, -0.0, 3]

  @Test("copies bit for bit, or multiplies")
  func scaling() throws {
    let copy = try Trial(.passthrough, [row]).merged()
    #expect(copy.map(\.bitPattern) == row.map(\.bitPattern))
    #expect(try Trial(.passthrough, [row], [.scale: [0.5]]).merged() == [0.5, 0, 1.5])
  }
}
