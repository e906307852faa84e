import Templates

/// The F1 score of SQuAD: how far the words of an answer are those of a reference.
///
/// Case, ASCII punctuation and the words a, an and the do not count. Reference: Rajpurkar et al. 2016,
/// arXiv 1606.05250, and its evaluation script.
enum WordOverlap {
  /// The best over the references, 0 to 1; 1 where both have no words.
  static func score(_ prediction: String, _ references: [String]) -> Double {
    references.map { score(words(prediction), words($0)) }.max() ?? 0
  }

  private static func score(_ prediction: [String], _ reference: [String]) -> Double {
    if prediction.isEmpty || reference.isEmpty { return prediction == reference ? 1 : 0 }
    var rest: [String: Int] = [:]
    for word in reference { rest[key(word), default: 0] += 1 }
    var shared = 0
    for word in prediction {
      let word = key(word)
      guard let count = rest[word], count > 0 else { continue }
      rest[word] = count - 1
      shared += 1
    }
    return 2 * Double(shared) / Double(prediction.count + reference.count)
  }

  private static func words(_ text: String) -> [String] {
    let plain = PythonText.lower(text).unicodeScalars.filter { !isPunctuation($0) }
    let words = plain.split(whereSeparator: PythonText.isWhitespace)
    return words.map { String($0) }.filter { !["a", "an", "the"].contains($0) }
  }
}
