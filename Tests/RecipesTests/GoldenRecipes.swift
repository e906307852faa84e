import Foundation
import Testing

/// Recipes of the reference runs, beside this file.
enum GoldenRecipes {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static let merges: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: path("merges"))) ?? []).sorted()

  struct BadCase: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let expect: String
    /// Regular expressions, each of which the message must match.
    let must_mention: [String]

    var testDescription: String { id }
  }

  static let bad: [BadCase] =
    ((try? String(contentsOfFile: path("bad/cases.jsonl"), encoding: .utf8)) ?? "")
    .split(separator: "\n")
    .compactMap { try? JSONDecoder().decode(BadCase.self, from: Data($0.utf8)) }
}
