import Checkpoints
import Diagnostics
import Documents
import Kernels
import TestSupport
import Testing

/// The model cases of `Tests/Golden/bad` that concern files, not architectures.
@Suite("Broken checkpoints") struct BadInputTests {
  /// Cases whose files are in order; what is wrong shows when models are compared with their
  /// configuration or with each other.
  static let architectural: Set<String> = [
    "missing-tensor", "shape-mismatch", "other-layer-count", "other-vocab", "other-architecture",
    "unknown-architecture",
  ]

  static let cases: [JSONValue] = {
    let rows = try? JSONLines.read(path: Golden.path("bad/cases.jsonl")).rows.map(\.value)
    return (rows ?? []).filter { $0["model"]?.string != nil }
  }()

  static func message(_ model: String) -> String? {
    do {
      let checkpoint = try Checkpoint.open(Golden.path("bad/\(model)"))
      let floats = checkpoint.tensorNames
      try checkpoint.checkFinite(floats, on: WorkerPool(threads: 2))
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test("are refused with file, tensor and remedy", arguments: cases)
  func refusals(row: JSONValue) throws {
    let id = try #require(row["id"]?.string)
    let message = Self.message(try #require(row["model"]?.string))
    guard row["expect"]?.string == "error", !Self.architectural.contains(id) else {
      #expect(message == nil)
      return
    }
    let text = try #require(message, "\(id) was accepted")
    #expect(text.contains("\n  fix: "))
    for pattern in row["must_mention"]?.array ?? [] {
      let expression = try Regex(try #require(pattern.string))
      #expect(text.contains(expression), "\(id): \(text)")
    }
  }

  @Test("were all tried")
  func count() {
    #expect(Self.cases.count == 23)
  }
}
