import Foundation
import PopulationStore
import SearchSpaces
import TestSupport
import Testing

@testable import Reports

@Suite("The report as a page") struct HTMLReportTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A recipe that a search over these two parameters would write.
  private static func recipe(_ genome: Genome) -> String {
    """
    merge_method: task_arithmetic
    base_model: /models/base
    models:
      - model: /models/left
        parameters:
          weight:
            - filter: model.norm.
              value: 0.5
            - filter: mlp.
              value: [\(genome.values[1]), \(genome.values[0])]
            - value: [\(genome.values[0]), 0.5]
      - model: /models/right
        parameters:
          weight: \(genome.values[1])
    parameters:
      lambda: 1.0
    dtype: float32
    out_dtype: bfloat16

    """
  }

  /// The snapshot of a scripted search, at a fixed path and with real recipes.
  private func snapshot(_ script: ScriptedSearch = ScriptedSearch()) throws -> StoreSnapshot {
    let store = try script.finished(at: folder.file("search.sqlite"))
    var snapshot = try store.snapshot()
    snapshot.path = "/runs/scripted.sqlite"
    for index in snapshot.candidates.indices where snapshot.candidates[index].kind != .simple {
      snapshot.candidates[index].recipe = snapshot.candidates[index].genome.map(Self.recipe)
    }
    snapshot.search.plan?.settings = #"{"layers":4}"#
    return snapshot
  }

  private func html(_ snapshot: StoreSnapshot) -> String {
    HTMLReport(SearchReport(snapshot)).html
  }

  @Test("of a finished search")
  func finished() throws {
    let html = html(try snapshot())
    try expectGolden(html, "finished.html", filePath: #filePath.replacing("/HTML/", with: "/"))
    #expect(html == self.html(try snapshotAgain()))
  }

  /// The same search once more, in another store.
  private func snapshotAgain() throws -> StoreSnapshot {
    try HTMLReportTests().snapshot()
  }

  @Test("before the end says that nothing is validated")
  func unfinished() throws {
    var script = ScriptedSearch()
    script.stopsAfterWaves = 9
    let html = html(try snapshot(script))
    #expect(html.contains("Searching, generation"))
    #expect(html.contains("Not validated: the best candidate was chosen for its search score"))
    #expect(html.contains("Not validated: its search score of"))
    #expect(!html.contains("id=\"verdict\""))
    #expect(html.contains("The best merge so far"))
  }

  @Test("before anything is scored, and when it has stalled")
  func empty() throws {
    let script = ScriptedSearch()
    let store = try StoreReservation(
      at: folder.file("empty.sqlite"), configuration: script.configuration
    ).publish(try script.newSearch())
    let empty = HTMLReport(SearchReport(try store.snapshot())).html
    #expect(empty.contains("No candidate has been scored yet, and nothing is validated."))
    #expect(PageSource(empty).problems == [])
    try store.stall("three generations in a row failed")
    let stalled = HTMLReport(SearchReport(try store.snapshot())).html
    #expect(stalled.contains("Stopped: three generations in a row failed."))
  }

  @Test("when it was extended says that there is more than the verdict is about")
  func extended() throws {
    var script = ScriptedSearch()
    let store = try script.finished(at: folder.file("search.sqlite"))
    try store.extend(to: Budget(evaluations: 20))
    script.stopsAfterWaves = 0
    try script.run(store)
    let html = HTMLReport(SearchReport(try store.snapshot())).html
    #expect(html.contains("Better than the best parent (right): +0.2500 on test"))
    #expect(html.contains("The search went on after its last verdict"))
  }

  @Test("is well-formed, loads nothing and runs nothing")
  func selfContained() throws {
    let html = html(try snapshot())
    let page = PageSource(html)
    #expect(page.problems == [])
    let names = Set(page.tags.map(\.name))
    #expect(names.isDisjoint(with: ["script", "link", "img", "iframe", "object", "use", "image"]))
    for tag in page.tags {
      for (key, value) in tag.attributes {
        #expect(!key.hasPrefix("on") && key != "src" && key != "style", "\(tag)")
        if key == "href" { #expect(value.hasPrefix("#"), "\(tag)") }
      }
    }
    #expect(!html.contains("http:") && !html.contains("https:") && !html.contains("url("))
    let ids = page.tags.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count)
  }

  @Test("names every picture for readers who do not see it")
  func accessible() throws {
    let page = PageSource(html(try snapshot()))
    let ids = Set(page.tags.compactMap { $0.attributes["id"] })
    let pictures = page.tags.filter { $0.name == "svg" && $0.attributes["aria-hidden"] == nil }
    // Gains, course, coefficients and the one pair of tasks, each wide and narrow.
    #expect(pictures.count == 8)
    for picture in pictures {
      #expect(picture.attributes["role"] == "img")
      let labels = (picture.attributes["aria-labelledby"] ?? "").split(separator: " ")
      #expect(labels.count == 2)
      #expect(labels.allSatisfy { ids.contains(String($0)) })
    }
    let links = page.tags.compactMap { $0.attributes["href"]?.dropFirst() }
    #expect(links.allSatisfy { ids.contains(String($0)) })
  }

  @Test("shows hostile names as they are spelt and as nothing else")
  func hostile() throws {
    let evil =
      "</title></style></script><script>alert(1)</script>\"\u{301} onload='x' {{{style}}} &lt;\u{0}"
    var snapshot = try snapshot()
    snapshot.path = "/runs/\(evil).sqlite"
    snapshot.search.name = evil
    snapshot.search.plan?.algorithm = evil
    for index in snapshot.search.models.indices {
      snapshot.search.models[index].name += evil
      snapshot.search.models[index].path += evil
    }
    for index in snapshot.search.tasks.indices { snapshot.search.tasks[index].metric += evil }
    for index in snapshot.candidates.indices {
      snapshot.candidates[index].name? += evil
      snapshot.candidates[index].recipe? += "# \(evil.filter { $0 != "\u{0}" })\n"
      if case .failed = snapshot.candidates[index].status {
        snapshot.candidates[index].status = .failed(evil)
      }
    }
    for index in snapshot.finalists.indices { snapshot.finalists[index].origin = evil }
    for index in snapshot.conclusions[0].comparisons.indices {
      snapshot.conclusions[0].comparisons[index].words = evil
    }
    for index in snapshot.events.indices {
      snapshot.events[index].event.detail = #"{"host":"</td><script>","seconds":"NaN","<b>":1}"#
    }
    let page = PageSource(html(snapshot))
    #expect(page.problems == [])
    let plain = PageSource(html(try self.snapshotAgain()))
    #expect(Set(page.tags.map(\.name)) == Set(plain.tags.map(\.name)))
    #expect(
      Set(page.tags.flatMap(\.attributes.keys)) == Set(plain.tags.flatMap(\.attributes.keys)))
    #expect(page.tags.count { $0.name == "style" } == 1)
  }

  @Test("shows a recipe that cannot be resolved as text")
  func unreadableRecipe() throws {
    var snapshot = try snapshot()
    for index in snapshot.candidates.indices { snapshot.candidates[index].recipe = "no: recipe\n" }
    let html = html(snapshot)
    #expect(html.contains("The recipe cannot be shown layer by layer"))
    #expect(html.contains("no: recipe"))
    #expect(PageSource(html).problems == [])
  }

  @Test("puts moments and numbers in one way everywhere")
  func words() {
    #expect(timeText(Date(timeIntervalSince1970: 1_800_000_000)) == "2027-01-15 08:00:00 UTC")
    #expect(grouped(1_234_567.4) == "1\u{202F}234\u{202F}567")
    #expect(grouped(999) == "999")
    #expect(grouped(-1234) == "-1\u{202F}234")
  }
}
