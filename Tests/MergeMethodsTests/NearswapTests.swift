import Diagnostics
import Recipes
import Testing

@testable import MergeMethods

@Suite("nearswap")
struct NearswapTests {
  @Test("draws the base to the other by t over their distance", arguments: 0..<8 as Range<UInt64>)
  func definition(seed: UInt64) throws {
    let tensors = ShapedTensors(seed: seed, models: 1)
    let t = [0.01, 0.1, 1e-4, 3][Int(seed % 4)]
    let expected = zip(tensors.base, tensors.models[0]).map { base, other in
      let share = min(1, max(0, t / max(abs(base - other), 1e-6)))
      return share * other + (1 - share) * base
    }
    let found = try Trial(.nearswap, tensors.rows, shared: [.t: .real(t)]).merged()
    #expect(distance(found, from: expected) <= 1e-6)
  }

  @Test("near elements are replaced exactly, t ≤ 0 leaves the base")
  func extremes() throws {
    let rows: [[Float]] = [[1, 2, -0.0], [1.001, 5, 0.002]]
    let near = try Trial(.nearswap, rows, shared: [.t: .real(0.01)]).merged()
    #expect(near[0] == rows[1][0] && near[2] == rows[1][2] && near[1] != 2)
    for t in [0, -1.0] {
      #expect(
        try Trial(.nearswap, rows, shared: [.t: .real(t)]).merged().map(\.bitPattern)
          == rows[0].map(\.bitPattern))
    }
  }

  @Test("a second model is refused")
  func three() {
    #expect(
      throws: Diagnostic(
        "nearswap needs base_model and one other model, but 3 have this tensor",
        at: "recipe.yaml: tensor w", fix: "use models that all have the tensor")
    ) { try Trial(.nearswap, [[1], [2], [3]], shared: [.t: .real(1)]).merged() }
  }
}
