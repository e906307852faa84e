import Foundation
import PopulationStore
import Testing

@testable import Reports

@Suite("Timings of a search") struct SearchTimingsTests {
  private func events(
    _ list: [(session: Int, kind: String, elapsed: Double, detail: String)]
  ) -> [RecordedEvent] {
    list.enumerated().map { index, entry in
      RecordedEvent(
        id: index + 1, session: entry.session,
        event: Event(
          at: Date(timeIntervalSince1970: entry.elapsed), kind: entry.kind, elapsed: entry.elapsed,
          detail: entry.detail))
    }
  }

  private static let two: [(session: Int, kind: String, elapsed: Double, detail: String)] = [
    (1, "session", 0, #"{"host":"night","threads":"2","spare":null}"#),
    (1, "wave", 10, #"{"candidates":4,"seconds":9}"#),
    (1, "opened", 10, "{}"),
    (1, "wave", 20, #"{"candidates":6,"seconds":8,"merge":1.5}"#),
    (1, "generation", 21, "{}"),
    (1, "wave", 30, #"{"candidates":6,"seconds":8,"merge":2.5,"search_split":1,"peak_bytes":9}"#),
    (2, "session", 0, #"{"host":"day","threads":"8"}"#),
    (2, "wave", 5, #"{"candidates":4,"seconds":4}"#),
    (2, "generation", 6, "{}"),
    (2, "stopped", 7, "{}"),
  ]

  @Test("are added up over sessions, generations and waves")
  func sums() {
    let timings = SearchTimings(events(Self.two), isSearching: true)
    #expect(timings.sessions.map(\.seconds) == [30, 7])
    #expect(timings.sessions.map(\.ending) == [nil, "stopped"])
    #expect(timings.sessions.map(\.waves) == [3, 1])
    #expect(timings.sessions.map(\.candidates) == [16, 4])
    #expect(
      timings.sessions[0].facts == [
        .init(name: "host", value: "night"), .init(name: "threads", value: "2"),
      ])
    // The second generation was closed in the second session, after 9 s in the first.
    #expect(timings.generations == [11, 15])
    #expect(timings.waves.map(\.at) == [10, 20, 30, 35])
    #expect(timings.waves.map(\.isSearching) == [false, true, true, true])
    #expect(timings.candidatesPerHour == 16.0 / 20 * 3600)
    #expect(timings.sessions[1].candidatesPerHour == 3600)
    #expect(timings.figures == [.init(name: "merge", total: 4, waves: 2)])
    #expect(timings.peakBytes == 9)
  }

  @Test("count waves after the last generation as those of finalists, once the search is over")
  func finalists() {
    let more = Self.two + [(2, "wave", 8, #"{"candidates":2,"seconds":6}"#)]
    #expect(SearchTimings(events(more), isSearching: true).waves.last?.isSearching == true)
    let over = SearchTimings(events(more), isSearching: false)
    #expect(over.waves.map(\.isSearching) == [false, true, true, true, false])
    #expect(over.candidatesPerHour == 16.0 / 20 * 3600)
    let extended =
      more + [
        (2, "concluded", 9, "{}"), (2, "opened", 10, "{}"),
        (2, "wave", 12, #"{"candidates":1,"seconds":2}"#),
      ]
    let again = SearchTimings(events(extended), isSearching: true)
    #expect(again.waves.map(\.isSearching) == [false, true, true, true, false, true])
    #expect(again.sessions[1].ending == "finished")
  }

  @Test("leave gaps where events are missing or say other things")
  func gaps() {
    let none = SearchTimings([], isSearching: true)
    #expect(none.sessions == [] && none.candidatesPerHour == nil)
    let odd = SearchTimings(
      events([
        (3, "wave", 4, "not JSON"), (3, "wave", 5, #"{"seconds":"long","candidates":-1}"#),
        (3, "wave", 6, #"{"candidates":1e300,"seconds":1}"#), (3, "unheard-of", 9, "[]"),
      ]), isSearching: true)
    #expect(odd.sessions.map(\.seconds) == [9])
    #expect(odd.sessions[0].waves == 3)
    #expect(odd.waves.map(\.candidates) == [1_000_000_000])
    #expect(odd.generations == [] && odd.candidatesPerHour == nil)
  }
}
