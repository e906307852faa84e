import PopulationStore
import TestSupport
import Testing

@testable import Reports

@Suite("The view of a running search") struct WatchViewTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func view(stoppingAfter waves: Int?) throws -> WatchView {
    var script = ScriptedSearch()
    script.stopsAfterWaves = waves
    let store = try script.finished(at: folder.file("search-\(waves ?? 0).sqlite"))
    return WatchView(SearchReport(try store.snapshot()))
  }

  @Test("fits every terminal", arguments: [120, 80, 60, 40, 20])
  func widths(width: Int) throws {
    let view = try view(stoppingAfter: 9)
    let lines = view.lines(width: width, height: 40)
    #expect(lines.allSatisfy { $0.count <= width })
    try expectGolden(lines.joined(separator: "\n") + "\n", "watch-\(width).txt")
    let short = view.lines(width: width, height: 5)
    #expect(short == Array(lines.prefix(5)))
  }

  @Test("draws something however small the terminal")
  func tiny() throws {
    let lines = try view(stoppingAfter: 9).lines(width: 1, height: 0)
    #expect(lines.count == 1 && lines[0].count <= 16)
  }

  @Test("says in one line what is new")
  func line() throws {
    #expect(try view(stoppingAfter: 2).line == "scripted: scoring the baselines")
    #expect(try view(stoppingAfter: 5).line == "scripted: searching, first generation")
    #expect(
      try view(stoppingAfter: 7).line
        == "scripted: generation 0 closed · best 0.5417 · best parent 0.4583 (right)")
    #expect(try view(stoppingAfter: nil).line == "scripted: finished")
  }

  @Test("is over when the search is")
  func over() throws {
    #expect(try !view(stoppingAfter: 7).isOver)
    #expect(try view(stoppingAfter: nil).isOver)
  }

  @Test("breaks text between words, and words that are too long")
  func wrapping() {
    #expect(wrapped("one two three", 7) == ["one two", "three"])
    #expect(wrapped("abcdefghij k", 4) == ["abcd", "efgh", "ij k"])
    #expect(wrapped("", 4) == [])
  }

  @Test(
    "reads the size that stty prints",
    arguments: [
      ("24 80\n", TerminalSize(width: 80, height: 24)),
      ("50 132", TerminalSize(width: 132, height: 50)), ("0 0\n", nil), ("", nil), ("x 80", nil),
      ("24 80 1", nil), ("stty: error\n", nil),
    ])
  func size(listing: String, size: TerminalSize?) {
    #expect(TerminalSize(ofListing: listing) == size)
  }
}
