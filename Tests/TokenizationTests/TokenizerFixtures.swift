import Diagnostics
import Documents
import Foundation

@testable import Tokenization

/// A tokenizer from the text of its `tokenizer.json`, named `tokenizer.json` in messages.
func tokenizer(_ json: String) throws(Diagnostic) -> Tokenizer {
  try Tokenizer(node(json))
}

/// The root of a JSON text, named `tokenizer.json` in messages.
func node(_ json: String) throws(Diagnostic) -> JSONNode {
  JSONNode(
    try JSONValue.parse(Array(json.utf8), location: "tokenizer.json"), file: "tokenizer.json")
}

/// Calls `body` with a new folder that holds the files and is removed afterwards.
@discardableResult
func withFolder<Result>(
  _ files: [String: String], _ body: (String) throws -> Result
) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("tokenizer-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  for (name, text) in files {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
  }
  return try body(folder.path)
}

/// Path of a file in the selection of golden tokenizers.
func golden(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Golden/\(name)"
}

/// Random numbers from a seed.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func text(of alphabet: [Unicode.Scalar], count: Int) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<count { text.append(alphabet.randomElement(using: &self) ?? " ") }
    return String(text)
  }
}

/// Scalars that tell word patterns apart: white space, letters with and without case, digits of several
/// scripts, marks, symbols, controls, emoji and their joiners.
let troublesome = Array(
  (" \t\n\r\u{B}\u{85}\u{A0}\u{1680}\u{2003}\u{2028}\u{202F}\u{3000}\u{180E}\u{200B}\u{FEFF}"
    + "aAsStTrReEvVlLmMdD019''\"_-.,!?/\\()[]{}<>@#$%^&*+=~`|\u{17F}\u{212A}\u{130}\u{131}"
    + "éÉe\u{301}\u{300}\u{327}ǅªº½²Ⅻ٣१１①中ひカ한각ㄱ\u{1100}\u{1161}\u{11A8}\u{212B}ÅΩ\u{2126}豈ﬁ™Σς"
    + "ßẞ…–«“€£▁ĠĊ\u{FFFD}\u{200D}\u{200C}😀👩🏽🇩\u{1F3F4}\u{E0067}\u{0}\u{1}\u{7F}\u{8F}\u{E000}\u{FFFE}"
    + "𐐀𝟘\u{378}").unicodeScalars)
