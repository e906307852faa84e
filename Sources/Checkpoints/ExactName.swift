/// A name that equals another only if their UTF-8 bytes are equal.
///
/// `String ==` is canonical equivalence, by which two tensors of a file could share a name.
struct ExactName: Hashable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (left: ExactName, right: ExactName) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// A foreign name for a message: in quotes, of bounded length, without control characters.
func quoted(_ name: String) -> String { "'\(shortened(name))'" }

/// A foreign text for a message: of bounded length, without control characters.
func shortened(_ text: String) -> String {
  let limit = 160
  var shown = String.UnicodeScalarView()
  for scalar in text.unicodeScalars.prefix(limit) {
    let isControl = scalar.properties.generalCategory == .control
    shown.append(isControl ? "\u{FFFD}" : scalar)
  }
  return String(shown) + (text.unicodeScalars.count > limit ? "…" : "")
}
