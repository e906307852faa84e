import Patterns
import Templates

/// What `exact_match` overlooks, in lm-eval's words and order.
struct ExactMatchOptions: Sendable {
  /// What these match is removed first.
  var ignored: [PythonPattern] = []
  var ignoresCase = false
  /// ASCII punctuation.
  var ignoresPunctuation = false
  /// ASCII digits.
  var ignoresNumbers = false

  /// Whether nothing is overlooked.
  var isPlain: Bool {
    ignored.isEmpty && !ignoresCase && !ignoresPunctuation && !ignoresNumbers
  }

  /// Whether texts are equal, scalar by scalar, after what is ignored has been removed.
  func match(_ prediction: String, _ reference: String) -> Bool {
    normalized(prediction).utf8.elementsEqual(normalized(reference).utf8)
  }

  private func normalized(_ text: String) -> String {
    guard !isPlain else { return text }
    var text = text
    for pattern in ignored { text = pattern.remove(from: text) }
    if ignoresCase { text = PythonText.lower(text) }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter { scalar in
          !(ignoresPunctuation && isPunctuation(scalar))
            && !(ignoresNumbers && ("0"..."9").contains(scalar))
        }))
  }
}

/// Python's `string.punctuation`.
func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
  default: false
  }
}
