import Dispatch
import Foundation
import PopulationStore
import Reports

/// Follows a search until it ends: a view that refreshes itself on a terminal, else a line now and then.
struct StatusWatch {
  let path: String
  /// Seconds between two looks.
  let interval: Double

  /// Returns when the search is over, or when no process drives it any more.
  ///
  /// - Throws: `CancellationError` when the user leaves; the screen is as it was before.
  func run() async throws {
    let isTerminal = Terminal.isPresent
    if isTerminal { Terminal.enter() }
    let report: SearchReport
    do {
      report = try await follow(isTerminal: isTerminal)
    } catch {
      if isTerminal { Terminal.leave() }
      throw error
    }
    if isTerminal { Terminal.leave() }
    print(OutsideReport(report.snapshot)?.text ?? report.statusText, terminator: "")
    if !WatchView(report).isOver {
      note(
        "no process drives this search now; go on with `mergevolve resume \(path)`, or get a "
          + "verdict on what there is with `mergevolve finish \(path)`")
    }
  }

  /// The report of the last look.
  private func follow(isTerminal: Bool) async throws -> SearchReport {
    var lastLine = ""
    var store = try PopulationStore.open(path, for: .reading)
    while true {
      try Task.checkCancellation()
      if !store.isLive { store = try PopulationStore.open(path, for: .reading) }
      // Before the snapshot: a driver that ends in between has saved all that the snapshot shows.
      let isDriven = store.driver != nil
      let report = SearchReport(try store.snapshot())
      let view = WatchView(report)
      if view.isOver || !isDriven { return report }
      if isTerminal {
        let size = Terminal.size
        Terminal.show(view.lines(width: size.width, height: size.height))
      } else if view.line != lastLine {
        lastLine = view.line
        FileHandle.standardOutput.write(Data((lastLine + "\n").utf8))
      }
      try await Task.sleep(for: .seconds(interval))
    }
  }
}
