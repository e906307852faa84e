import Recipes
import SearchSpaces
import Tensors
import Testing

@Suite("profile: auto") struct ProfileChoiceTests {
  /// 3 experts: n = 3, 6, 9, 12, 18 for global, 2, 3, 4, 6 knots; λ = 7, 9, 10, 11, 12.
  @Test(
    "takes the most knots that the budget feeds",
    arguments: [
      (50, 24, DepthProfile.global), (119, 24, .global), (134, 24, .global), (135, 24, .knots(2)),
      (179, 24, .knots(2)), (180, 24, .knots(3)), (239, 24, .knots(3)), (240, 24, .knots(4)),
      (359, 24, .knots(4)), (360, 24, .knots(6)), (360, 11, .knots(4)), (10_000, 6, .knots(3)),
      (10_000, 3, .global),
    ])
  func knots(budget: Int, layers: Int, profile: DepthProfile) throws {
    let merge = try mergeSpace(
      "method: task_arithmetic\ncomponents: []", layers: layers, budget: budget)
    #expect(merge.choice.profile == profile)
    #expect(merge.choice.components == [])
    #expect(merge.isProfileAutomatic)
  }

  @Test("adds components only with the most knots, under the same rules")
  func components() throws {
    // 6 knots × 3 experts × 3 groups = 54 numbers, λ = 2·(4 + 11) = 30: 20·54 = 1080 decides.
    let fed = try mergeSpace("method: task_arithmetic", layers: 24, budget: 1080).choice
    #expect(fed.profile == .knots(6))
    #expect(fed.components == [.attention, .mlp])
    #expect(fed.dimension == 54)
    #expect(fed.populationSize == 30)
    #expect(fed.generations == 36)
    let hungry = try mergeSpace("method: task_arithmetic", layers: 24, budget: 1079).choice
    #expect(hungry.profile == .knots(6))
    #expect(hungry.components == [])
  }

  @Test("counts every number of the space")
  func densities() throws {
    let choice = try mergeSpace("method: ties", layers: 24, budget: 180).choice
    // 2 knots × 3 + 3 densities = 9.
    #expect(choice.profile == .knots(2))
    #expect(choice.dimension == 9)
    #expect(choice.populationSize == 10)
  }

  @Test("a given profile is kept and judged")
  func given() throws {
    let merge = try mergeSpace("method: linear\nprofile: layer", layers: 24, budget: 100)
    #expect(!merge.isProfileAutomatic)
    #expect(merge.choice.profile == .layer)
    #expect(merge.choice.dimension == 72)
    #expect(!merge.choice.fits)
  }
}

@Suite("Simple merges") struct SimpleMergeTests {
  @Test("are the ones of the comparison, and valid recipes")
  func all() throws {
    let merges = try Family.models(2).simpleMerges(maskSeed: 3)
    #expect(
      merges.map(\.name) == [
        "linear", "task_arithmetic 0.3", "task_arithmetic 0.5", "task_arithmetic 0.7",
        "task_arithmetic 1.0", "ties", "dare_ties",
      ])
    #expect(merges[0].document.output.baseModel == nil)
    #expect(merges[6].document.output.maskSeed == 3)
    #expect(merges[6].document.output.parameters[.normalize] == .boolean(true))
    for merge in merges {
      let text = merge.document.yaml
      #expect(try RecipeDocument.parse(text: text, location: "x") == merge.document)
      #expect(merge.document.output.outDType == .bf16)
    }
  }

  @Test("without a base only the mean is left")
  func noBase() throws {
    #expect(try Family.models(2, base: false).simpleMerges().map(\.name) == ["linear"])
  }
}
