import Diagnostics
import Foundation
import Recipes
import Testing

/// Damaged recipes are refused or read, but never trap.
@Suite("Damaged recipes") struct RecipeFuzzTests {
  private static let tokens = [
    "&a ", "*a", "<<: ", "? ", ": ", "- ", "[", "]", "{", "}", "'", "\"", "|\n", ">-\n", "!!int ",
    "!x ", "%YAML 1.1\n", "---\n", "...\n", "\t", "\u{FEFF}", "\u{85}", "\\ud800", "\u{1F600}",
    "#", "@", "`", "~", "\r", "\"\\x00\"", "!!binary ", "1e999", ".nan", "0x", "-", "null",
  ].map { Array($0.utf8) }

  @Test("of random edits", arguments: 0..<64)
  func edits(seed: UInt64) throws {
    let names = GoldenRecipes.merges
    let path = GoldenRecipes.path("merges/\(names[Int(seed) % names.count])")
    let original = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func random(_ count: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(max(count, 1)))
    }
    for _ in 0..<rounds {
      var bytes = original
      for _ in 0...random(4) {
        let place = random(bytes.count + 1)
        switch random(4) {
        case 0: bytes.insert(contentsOf: Self.tokens[random(Self.tokens.count)], at: place)
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + random(12)))
        case 2 where place < bytes.count: bytes[place] = UInt8(random(256))
        default:
          let end = min(bytes.count, place + random(40))
          bytes.insert(contentsOf: Array(bytes[place..<end]), at: random(bytes.count))
        }
      }
      do {
        let document = try RecipeDocument.parse(bytes, location: "damaged.yaml")
        #expect(try RecipeDocument.parse(text: document.yaml, location: "written") == document)
      } catch {
        #expect(error.location.hasPrefix("damaged.yaml"), "\(error)")
        #expect(!error.problem.isEmpty && !error.fix.isEmpty)
      }
    }
  }

  /// `FUZZ_ROUNDS` raises the number for a longer run.
  private var rounds: Int {
    ProcessInfo.processInfo.environment["FUZZ_ROUNDS"].flatMap(Int.init) ?? 8
  }
}
