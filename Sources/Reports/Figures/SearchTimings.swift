import Documents
import Foundation
import PopulationStore

/// Where the time of a search went, as far as its events tell; kinds that are missing leave gaps.
struct SearchTimings: Sendable {
  /// One run of the driver.
  struct Session: Sendable, Hashable {
    var number: Int
    var began: Date
    var seconds = 0.0
    /// How it ended, in a word; nil if no event says so, as after a power cut.
    var ending: String?
    /// Such as `host` and `threads`, in the order of the event.
    var facts: [Fact] = []
    var waves = 0
    var candidates = 0
    /// Candidates scored and seconds needed in this session, from the first generation on.
    var candidatesPerHour: Double?
  }

  struct Fact: Sendable, Hashable {
    var name: String
    var value: String
  }

  struct WaveTime: Sendable, Hashable {
    var session: Int
    /// Running time of all sessions when it was committed.
    var at: Double
    var candidates: Int
    var seconds: Double
    /// Whether it was scored in a generation, rather than for baselines or finalists.
    var isSearching: Bool
  }

  /// A figure that waves carry besides their candidates and seconds, such as seconds of merging.
  struct WaveFigure: Sendable, Hashable {
    var name: String
    var total: Double
    var waves: Int
  }

  private(set) var sessions: [Session] = []
  private(set) var waves: [WaveTime] = []
  private(set) var figures: [WaveFigure] = []
  /// The most anonymous memory that a wave reports.
  private(set) var peakBytes: Double?
  /// Running seconds of each closed generation, in order.
  private(set) var generations: [Double] = []

  /// Candidates of generations per hour of running, over all sessions.
  var candidatesPerHour: Double? { Self.rate(waves.filter(\.isSearching)) }

  /// - Parameters:
  ///   - events: In the order of recording.
  ///   - isSearching: Whether candidates are being proposed at this moment; else the waves since the
  ///     last generation are about finalists.
  init(_ events: [RecordedEvent], isSearching: Bool) {
    var earlier = 0.0
    var opened: Double?
    var closedWaves = 0
    for recorded in events {
      let event = recorded.event
      if sessions.last?.number != recorded.session {
        earlier += sessions.last?.seconds ?? 0
        sessions.append(Session(number: recorded.session, began: event.at))
      }
      let last = sessions.count - 1
      sessions[last].seconds = max(sessions[last].seconds, event.elapsed)
      let now = earlier + event.elapsed
      switch event.kind {
      case "session": sessions[last].facts = Self.facts(event.detail)
      case "wave": add(event, session: recorded.session, at: now, isSearching: opened != nil)
      case "opened", "planned": opened = now
      case "generation":
        generations.append(now - (opened ?? earlier))
        opened = now
        closedWaves = waves.count
      case "concluded", "stalled":
        for index in waves.indices.dropFirst(closedWaves) { waves[index].isSearching = false }
        closedWaves = waves.count
        opened = nil
        sessions[last].ending = event.kind == "stalled" ? "stalled" : "finished"
      case "stopped": sessions[last].ending = "stopped"
      default: break
      }
    }
    if !isSearching {
      for index in waves.indices.dropFirst(closedWaves) { waves[index].isSearching = false }
    }
    for index in sessions.indices {
      let own = waves.filter { $0.session == sessions[index].number }
      sessions[index].candidatesPerHour = Self.rate(own.filter(\.isSearching))
    }
  }

  private mutating func add(_ event: Event, session: Int, at: Double, isSearching: Bool) {
    let detail = Self.members(event.detail)
    let candidates = detail.first { $0.key == "candidates" }?.value.double ?? 0
    let seconds = detail.first { $0.key == "seconds" }?.value.double
    let last = sessions.count - 1
    sessions[last].waves += 1
    sessions[last].candidates += Int(max(0, min(candidates, 1e9)))
    if let seconds, seconds.isFinite {
      waves.append(
        WaveTime(
          session: session, at: at, candidates: Int(max(0, min(candidates, 1e9))),
          seconds: seconds, isSearching: isSearching))
    }
    for member in detail where !Self.isKnown(member.key) {
      if member.key.hasSuffix("_bytes") {
        peakBytes = max(peakBytes ?? 0, member.value.double ?? 0)
        continue
      }
      guard let value = member.value.double, value.isFinite else { continue }
      let index = figures.firstIndex { $0.name == member.key } ?? figures.count
      if index == figures.count { figures.append(.init(name: member.key, total: 0, waves: 0)) }
      figures[index].total += value
      figures[index].waves += 1
    }
  }

  /// Whether a member of a wave's detail is something else than a figure to add up.
  private static func isKnown(_ key: String) -> Bool {
    ["candidates", "seconds", "search_split"].contains(key)
  }

  private static func rate(_ waves: [WaveTime]) -> Double? {
    let seconds = waves.reduce(0) { $0 + $1.seconds }
    guard seconds > 0 else { return nil }
    return Double(waves.reduce(0) { $0 + $1.candidates }) / seconds * 3600
  }

  private static func facts(_ detail: String) -> [Fact] {
    members(detail).compactMap { member in
      switch member.value {
      case .string(let text): Fact(name: member.key, value: text)
      case .number(let text): Fact(name: member.key, value: text)
      case .bool(let flag): Fact(name: member.key, value: flag ? "yes" : "no")
      case .null, .array, .object: nil
      }
    }
  }

  private static func members(_ detail: String) -> [JSONValue.Member] {
    (try? JSONValue.parse(Array(detail.utf8), location: "event.detail"))?.members ?? []
  }
}
