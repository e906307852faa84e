import Foundation
import PopulationStore
import Recipes

/// The report of a search as one page that a browser opens from disk.
///
/// A pure function of the store's contents: equal stores, equal pages. It loads nothing and runs nothing.
public struct HTMLReport: Sendable {
  let report: SearchReport
  let timings: SearchTimings
  /// What the page is about: the winner, or before there is one the best observed candidate.
  let subject: Candidate?

  public init(_ report: SearchReport) {
    self.report = report
    timings = report.timings
    subject = report.winner ?? report.bestObserved
  }

  public var html: String {
    HTMLPage(
      title: report.snapshot.search.name, lead: lead, facts: facts,
      sections: [
        verdictSection, scoresSection, courseSection, mergeSection, changesSection, recipeSection,
        tradeOffSection, timeSection, setupSection,
      ].compactMap(\.self), footer: footer
    ).html
  }

  /// Whether the last verdict is about all that the search has found.
  var isConcluded: Bool { report.conclusion != nil && report.snapshot.search.phase == .finished }

  /// What a sentence calls the page's subject.
  var subjectName: String { subject.map(report.name) ?? "no candidate" }

  var storeName: String { URL(fileURLWithPath: report.snapshot.path).lastPathComponent }

  // MARK: Head

  private var lead: [HTMLPage.Lead] {
    var lead: [HTMLPage.Lead] = []
    for comparison in report.conclusion?.comparisons ?? [] where comparison.role != .parent {
      let tone: HTMLPage.Lead.Tone =
        comparison.low > 0 ? .better : comparison.high < 0 ? .worse : .same
      lead.append(
        HTMLPage.Lead(
          text: capitalised(sentence(comparison)) + ".", tone: tone))
    }
    if !isConcluded { lead.append(HTMLPage.Lead(text: unfinished, tone: .open)) }
    return lead
  }

  /// Such as `better than the best parent (numerals): +0.1288 on test, 97.5 % interval +0.1088 to +0.1488`.
  private func sentence(_ comparison: Comparison) -> String {
    "\(comparison.words): \(signed(comparison.gain, 4)) on \(comparison.split.rawValue), "
      + "\(short(comparison.level * 100, 1)) % interval \(signed(comparison.low, 4)) to "
      + signed(comparison.high, 4)
  }

  /// Why the figures are not to be relied upon yet.
  private var unfinished: String {
    let phase = report.phaseWords
    let start = capitalised(phase)
    if report.conclusion != nil {
      return "\(start). The search went on after its last verdict: what it found since is not "
        + "validated. `mergevolve finish` gives a verdict on what there is."
    }
    if report.snapshot.search.precision == "external" {
      return
        "\(start). The scores come from outside of this program (with their sign changed where "
        + "lower is better): nothing is validated."
    }
    guard subject != nil else {
      return "\(start). No candidate has been scored yet, and nothing is validated."
    }
    return "\(start). Not validated: the best candidate was chosen for its search score, which is "
      + "too good to be true. `mergevolve finish` validates what there is."
  }

  private var facts: [HTMLPage.Fact] {
    var facts: [HTMLPage.Fact] = []
    let split: BenchmarkSplit = report.winner == nil ? .search : .test
    func add(_ name: String, _ candidate: Candidate?) {
      guard let candidate, let figure = report.figure(candidate.id, split) else { return }
      facts.append(
        .init(
          name: "\(name), \(split.rawValue)", value: fixed(figure.value, 4),
          note: report.name(candidate)))
    }
    add(report.winner == nil ? "Best so far (not validated)" : "Winner", subject)
    add("Best parent", report.bestParent)
    add("Best simple merge", bestSimple)
    add("Best random candidate", report.bestControl)
    let budget = report.snapshot.search.budget
    facts.append(
      .init(
        name: "Evaluations", value: short(report.snapshot.chargedCost, 1),
        note: budget.evaluations.map { "of \($0)" }))
    facts.append(
      .init(
        name: "Running time", value: duration(report.snapshot.runningTime),
        note: "in \(counted(report.snapshot.sessions, "session"))"))
    if let rate = timings.candidatesPerHour {
      facts.append(.init(name: "Candidates per hour", value: grouped(rate), note: nil))
    }
    return facts
  }

  /// As concluded, else the best on the search split.
  var bestSimple: Candidate? {
    if let conclusion = report.conclusion { return conclusion.bestSimple.flatMap(report.candidate) }
    return report.baselines.filter { $0.kind == .simple }
      .compactMap { candidate in
        report.figure(candidate.id, .search).map { (candidate: candidate, score: $0.value) }
      }
      .max { ($0.score, $1.candidate.id) < ($1.score, $0.candidate.id) }?.candidate
  }

  private var footer: String {
    let last = report.snapshot.lastEvent.map { ", as of \(timeText($0))" } ?? ""
    return "Made from \(storeName)\(last). `mergevolve status` has the same figures for the "
      + "terminal, `mergevolve status --json` for scripts."
  }
}

/// A text with its first letter in upper case, as at the beginning of a sentence.
func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

/// A moment in UTC, such as `2026-11-25 03:23:12`.
func timeText(_ date: Date) -> String {
  date.formatted(.iso8601.dateSeparator(.dash).dateTimeSeparator(.space).timeSeparator(.colon))
    .replacing("Z", with: " UTC")
}

/// A whole number with spaces between thousands that do not break.
func grouped(_ value: Double) -> String {
  let digits = fixed(value, 0)
  var result = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0, digit.isNumber, result.last?.isNumber == true {
      result += "\u{202F}"
    }
    result.append(digit)
  }
  return result
}
