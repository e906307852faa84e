import Foundation
import OptimizerSuite
import Optimizers

/// Runs the reference suite of optimizers.md §15 and prints it beside the public packages.
///
/// `optimizer-suite [--seeds N] [--only WORD] [--peers PYTHON]`: N runs of every problem (15), the
/// problems whose names hold WORD, and pycma and cmaes on the same functions and starts if PYTHON is an
/// interpreter that has them. Exit status 1 if a figure leaves its band.
@main
struct OptimizerSuiteCommand {
  static func main() throws {
    let options = Options(Array(CommandLine.arguments.dropFirst()))
    let peers = options.python.map { Peers(python: $0, options) }
    var hasKept = true
    let rows = SuiteCase.all.filter { options.includes($0.description) }
    if !rows.isEmpty {
      print("Evaluations to 1e-8, median of \(options.seeds) runs (successes where not all)\n")
      Table.line(["problem", "n", "ours", "pycma", "cmaes", "figure", "band", ""])
    }
    let results = try peers?.evaluations(rows) ?? [:]
    for row in rows {
      let outcome = SuiteOutcome(
        try (1...UInt64(options.seeds)).map { try row.run(seed: $0) },
        budget: row.settings.budget)
      let keeps = outcome.keeps(row)
      hasKept = hasKept && keeps
      Table.line([
        "\(row.set.rawValue) \(row.problem)", row.size,
        Table.cell(median: outcome.median, reached: outcome.reached.count, runs: outcome.runs),
        results[row.description]?["pycma"] ?? "–", results[row.description]?["cmaes"] ?? "–",
        "\(Int(row.figure))", row.factor.map { "≤ \(Int($0 * row.figure))" } ?? "–",
        keeps ? "" : "OUT OF BAND",
      ])
    }
    if options.includes("merge") {
      hasKept = try MergeTable.show(options, peers) && hasKept
    }
    if options.includes("time") { try TimeTable.show(options, peers) }
    if !hasKept { exit(1) }
  }
}

struct Options {
  var seeds = 15
  var word: String?
  var python: String?

  init(_ arguments: [String]) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      let value = rest.popFirst()
      switch (name, value) {
      case ("--seeds", let text?): seeds = max(1, Int(text) ?? seeds)
      case ("--only", let text?): word = text
      case ("--peers", let text?): python = text
      default:
        FileHandle.standardError.write(
          Data("usage: optimizer-suite [--seeds N] [--only WORD] [--peers PYTHON]\n".utf8))
        exit(2)
      }
    }
  }

  func includes(_ name: String) -> Bool { word.map(name.contains) ?? true }
}

enum Table {
  static let widths = [28, 9, 16, 16, 16, 8, 10, 0]

  static func line(_ cells: [String]) {
    let padded = zip(cells, widths).map { cell, width in
      cell + String(repeating: " ", count: max(1, width - cell.count))
    }
    print(padded.joined().trimmingCharacters(in: .whitespaces))
  }

  static func cell(median: Double?, reached: Int, runs: Int) -> String {
    guard let median else { return "0/\(runs)" }
    let count = "\(Int(median.rounded()))"
    return reached == runs ? count : "\(count) (\(reached)/\(runs))"
  }
}
