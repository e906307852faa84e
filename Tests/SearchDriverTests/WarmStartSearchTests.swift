import Diagnostics
import Foundation
import Optimizers
import PopulationStore
import SearchSpaces
import TestSupport
import Testing

@testable import SearchDriver

@Suite("A search that begins where another ended") struct WarmStartSearchTests {
  private func forecast(_ search: SmallSearch) throws -> String {
    try Search.check(try search.configuration(store: "second.sqlite")).text
  }

  private func message(_ search: SmallSearch) -> String {
    do {
      return try forecast(search)
    } catch {
      return "\(error)"
    }
  }

  @Test("goes on per layer from knots, and from results over the same space")
  func stores() async throws {
    var search = try SmallSearch(items: 2)
    _ = try await Search.start(
      try search.configuration(store: "first.sqlite"), clock: ContinuousClock(),
      observer: { _ in })
    search.rules = ", warm_start: {store: first.sqlite, share: 0.5}"
    #expect(try forecast(search).contains("warm start  the best"))

    search.space =
      "{method: task_arithmetic, profile: layer, weight: {range: [0, 1.2], start: 0.6}}"
    #expect(try forecast(search).contains("warm start  where an earlier search had got to"))
    _ = try await Search.start(
      try search.configuration(store: "second.sqlite"), clock: ContinuousClock(),
      observer: { _ in })
    let store = try PopulationStore.open(search.folder.file("second.sqlite"), for: .reading)
    let plan = try #require(try store.search().plan)
    let settings = try decodeJSON(PlanSettings.self, plan.settings, at: "plan")
    #expect(settings.warmStart != nil)
    // What the first search said is in the second one's store: it goes on without the first.
    try FileManager.default.removeItem(atPath: search.folder.file("first.sqlite"))
    _ = try await Search.resume(
      store: search.folder.file("second.sqlite"), extending: try SearchExtension(evaluations: 48),
      clock: ContinuousClock(), observer: { _ in })
    #expect(message(search).contains("there is no such store"))
  }

  @Test("starts at points by name, one value for all points of a profile")
  func points() throws {
    var search = try SmallSearch(items: 2)
    search.rules =
      ", warm_start: {points: [{weight.arith: 0.9}, {\"weight.letters[0]\": 0.1, \"weight.letters[1]\": 0.2}]}"
    let configuration = try search.configuration()
    let inputs = try SearchInputs.open(configuration)
    let mean = try #require(inputs.makeOptimizer(seed: 1, start: nil).recommendation.mean)
    #expect(zip(mean.values, [0.75, 0.75, 0.35, 0.4]).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test("what says nothing, or nothing known, is refused") func refusals() throws {
    var search = try SmallSearch(items: 2)
    search.rules = ", warm_start: {points: [{weigth.arith: 0.9}]}"
    #expect(message(search).contains("unknown parameter 'weigth.arith'"))
    #expect(message(search).contains("did you mean 'weight.arith'?"))
    search.rules = ", warm_start: {points: [{weight.arith: 9}]}"
    #expect(message(search).contains("outside 0.0...1.2"))
    search.rules = ", warm_start: {}"
    #expect(message(search).contains("says nothing to start from"))
    search.rules = ", warm_start: {store: a.sqlite, points: []}"
    #expect(message(search).contains("has both a store and points"))
    search.rules = ", warm_start: {points: []}"
    #expect(message(search).contains("lists no point"))
    search.rules = ", warm_start: {sotre: a.sqlite}"
    #expect(message(search).contains("did you mean 'store'?"))
  }

  @Test("restarts are printed, and refused where nothing restarts") func restarts() throws {
    var search = try SmallSearch(items: 2)
    search.rules = ", restarts: bipop"
    #expect(try forecast(search).contains("BIPOP, large populations and small steps in turn"))
    search.rules = ", restarts: bipob"
    #expect(message(search).contains("did you mean 'bipop'?"))
    search.rules = ", restarts: ipop, algorithm: random"
    #expect(message(search).contains("'random' does not restart"))
  }
}
