import Recipes
import Testing

@testable import MergeMethods

@Suite("arcee_fusion")
struct ArceeFusionTests {
  @Test("takes what stands out, row by row", arguments: 0..<20 as Range<UInt64>)
  func definition(seed: UInt64) throws {
    let tensors = ShapedTensors(seed: seed, models: 1, spread: 1)
    var trial = Trial(.arceeFusion, tensors.rows)
    trial.shape = tensors.shape
    let merged = try trial.merged()
    // The softmax of a single number says nothing: all importances are 0, which reach a threshold of 0.
    guard tensors.shape.last != 1 else {
      #expect(merged == tensors.rows[1])
      return
    }
    let expected = PlainMethods.fusion(
      tensors.base, tensors.models[0], rowLength: tensors.shape[tensors.shape.count - 1])
    for (element, choice) in expected.enumerated() where choice.distance > 1e-5 {
      let source = tensors.rows[choice.isChosen ? 1 : 0]
      #expect(merged[element] == source[element], "\(tensors.shape) element \(element)")
    }
    #expect(expected.count { $0.distance <= 1e-5 } <= max(1, expected.count / 20))
  }

  @Test("equal models are left as they are")
  func equal() throws {
    let row: [Float] = [1, 2, -3, 4]
    #expect(try Trial(.arceeFusion, [row, row]).merged() == row)
  }

  @Test("rows may be so far apart that their softmax vanishes")
  func extremes() throws {
    let rows: [[Float]] = [[1e4, -1e4, 0, 5], [-1e4, 1e4, 3, 5]]
    #expect(try Trial(.arceeFusion, rows).merged().allSatisfy(\.isFinite))
  }
}
