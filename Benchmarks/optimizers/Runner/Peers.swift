import Foundation
import OptimizerSuite
import Optimizers

/// The public packages, run by `peers.py` on the same functions, starts and numbers of runs.
struct Peers {
  let python: String
  let options: Options

  init(python: String, _ options: Options) {
    self.python = python
    self.options = options
  }

  /// Cells by row and package.
  func evaluations(_ rows: [SuiteCase]) throws -> [String: [String: String]] {
    try answers(
      rows.map { row in
        "\(row.set.rawValue)\t\(row.problem)\t\(row.size)\t\(row.settings.budget)"
      }, mode: "evaluations")
  }

  func merge() throws -> [String: [String: String]] {
    try answers(["per layer", "6 knots"], mode: "merge")
  }

  func times(_ dimension: Int, _ size: Int, _ covariance: String) throws -> [String: String] {
    try answers(["\(dimension)\t\(size)\t\(covariance)"], mode: "time")["time"] ?? [:]
  }

  private func answers(
    _ questions: [String], mode: String
  ) throws -> [String: [String: String]] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      [python, "Benchmarks/optimizers/peers.py", mode, "\(options.seeds)"] + questions
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      FileHandle.standardError.write(Data("\(python) could not run the public packages\n".utf8))
      exit(1)
    }
    return try JSONDecoder().decode([String: [String: String]].self, from: data)
  }
}
