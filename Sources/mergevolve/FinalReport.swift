import PopulationStore
import Reports

/// The table and the verdict at the end of a search.
enum FinalReport {
  /// Prints them to standard output, from what the store holds.
  static func print(store path: String) throws {
    let store = try PopulationStore.open(path, for: .reading)
    let snapshot = try store.snapshot()
    Swift.print(OutsideReport(snapshot)?.text ?? SearchReport(snapshot).finalText)
  }
}
