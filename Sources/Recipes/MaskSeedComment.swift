import Diagnostics
import Documents

/// The comment that carries the seed of random masks: `# mergevolve: mask_seed=7`.
///
/// mergekit has no such key and draws masks of its own, so the seed must not be one.
enum MaskSeedComment {
  private static let key = "mask_seed="

  /// - Returns: 0 if the document has no such comment.
  /// - Throws: ``Diagnostic`` if the seed is not a number of 64 bits.
  static func seed(in document: YAMLDocument) throws(Diagnostic) -> UInt64 {
    for comment in document.comments {
      let words = comment.split(whereSeparator: \.isWhitespace)
      guard words.first == "mergevolve:", let setting = words.dropFirst().first,
        setting.hasPrefix(key)
      else { continue }
      let digits = setting.dropFirst(key.count)
      guard let seed = UInt64(digits) else {
        throw Diagnostic(
          "the comment '#\(comment)' holds no seed", at: document.root.file,
          fix: "write '# mergevolve: mask_seed=' and a whole number from 0 to \(UInt64.max)")
      }
      return seed
    }
    return 0
  }

  static func text(_ seed: UInt64) -> String {
    "# mergevolve: \(key)\(seed) (mergekit ignores it and draws other random masks)"
  }
}
