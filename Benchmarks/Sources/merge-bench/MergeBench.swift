import Diagnostics
import Foundation
import Kernels
import Recipes

/// `merge-bench [--rows N] [--repetitions N] [--methods a,b] [--json FILE]`: how fast merges are,
/// as a share of the speed at which all cores copy memory.
@main
struct MergeBench {
  private var rows = 8192
  private var repetitions = 7
  private var methods: [String]?
  private var json: String?

  static func main() throws {
    do {
      try MergeBench(Array(CommandLine.arguments.dropFirst())).run()
    } catch let problem as Diagnostic {
      FileHandle.standardError.write(Data("\(problem)\n".utf8))
      exit(2)
    }
  }

  private init(_ arguments: [String]) throws {
    for index in stride(from: 0, to: arguments.count - 1, by: 2) {
      let value = arguments[index + 1]
      switch arguments[index] {
      case "--rows": rows = Int(value) ?? rows
      case "--repetitions": repetitions = Int(value) ?? repetitions
      case "--methods": methods = value.split(separator: ",").map(String.init)
      case "--json": json = value
      default:
        throw Diagnostic(
          "unknown option '\(arguments[index])'", at: "merge-bench",
          fix: "use --rows, --repetitions, --methods, --json")
      }
    }
  }

  private func run() throws {
    let parent = FileManager.default.temporaryDirectory.path
    let folder = "\(parent)/merge-bench-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let family = try Family(in: folder, rows: rows)
    let pool = WorkerPool(threads: WorkerPool.processorCount)
    let measurement = try Measurement(family, on: pool, repetitions: repetitions)
    print(
      "\(family.elements) elements per model, bf16, \(pool.threads) threads, median of \(repetitions)"
    )
    let declarations = MethodDeclaration.all.names.compactMap { name in
      try? MethodDeclaration.all.entry(named: name, at: "merge-bench")
    }
    var lines: [String] = []
    print("method            GB/s  of memcpy  from fresh mappings  statistics s  cached MB")
    for declaration in declarations where methods?.contains(declaration.name) ?? true {
      // Before each method, as the machine's speed changes while others use it.
      let copy = try measurement.copyRate()
      let method = MeasuredMethod(declaration: declaration)
      do {
        let result = try measurement.measure(method)
        let rate = Double(result.bytes) / result.seconds
        let mapped = Double(result.bytes) / result.mappedSeconds
        print(
          "\(padded(declaration.name, 16)) \(fixed(rate / 1e9, 2, 5))   \(fixed(rate / copy, 2, 5))"
            + "         \(fixed(mapped / copy, 2, 5))          \(fixed(result.statisticsSeconds, 3, 7))"
            + "       \(fixed(Double(result.cachedBytes) / 1e6, 2, 6))")
        lines.append(
          "{\"method\": \"\(declaration.name)\", \"models\": \(method.models.count), "
            + "\"bytes\": \(result.bytes), \"seconds\": \(result.seconds), "
            + "\"statistics_seconds\": \(result.statisticsSeconds), "
            + "\"mapped_seconds\": \(result.mappedSeconds), \"copy_rate\": \(copy)}")
      } catch let problem as Diagnostic {
        print("\(padded(declaration.name, 16)) \(problem.problem)")
      }
    }
    if let json {
      try ("[" + lines.joined(separator: ",\n") + "]\n").write(
        toFile: json, atomically: true, encoding: .utf8)
    }
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func fixed(_ value: Double, _ digits: Int, _ width: Int) -> String {
    let text = String(format: "%.\(digits)f", value)
    return String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
