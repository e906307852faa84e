import Diagnostics

/// An upper bound, from the bytes alone, of how often aliases can multiply a YAML text.
///
/// The composer hashes keys, and a tree is taken down, by recursion through aliases; so a text must be
/// refused before it is composed ("billion laughs": each level repeats the one above nine times).
/// Every `&name` that may mark a list or mapping counts as a definition and every `*name` as a use,
/// wherever they stand, so quotes or comments cannot hide one.
struct AliasBound {
  /// Largest multiple of the text's bytes; ordinary files stay far below.
  private static let maximum = 1e8

  private var definitions: [ArraySlice<UInt8>: Int] = [:]
  private var uses: [ArraySlice<UInt8>: Int] = [:]
  private let byteCount: Int

  init(of bytes: ArraySlice<UInt8>) {
    byteCount = bytes.count
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let byte = bytes[position]
      position += 1
      guard byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*") else { continue }
      let name = bytes[position...].prefix(while: Self.isName)
      guard !name.isEmpty else { continue }
      position = name.endIndex
      if byte == UInt8(ascii: "*") {
        uses[name, default: 0] += 1
      } else if Self.mayStartCollection(bytes[position...]) {
        definitions[name, default: 0] += 1
      }
    }
  }

  /// `d` definitions of a name that `u` uses refer to multiply by at most `(1 + u/d)^d`.
  var multiple: Double {
    definitions.reduce(1) { product, entry in
      let count = Double(entry.value)
      let perDefinition = 1 + Double(uses[entry.key] ?? 0) / count
      var power = product
      for _ in 0..<entry.value where power <= Self.maximum { power *= perDefinition }
      return power
    }
  }

  func check(location: String) throws(Diagnostic) {
    let multiple = multiple
    guard multiple > 1, multiple * Double(byteCount) > Self.maximum else { return }
    throw Diagnostic(
      "anchors (&name) and aliases (*name) multiply this text beyond any use", at: location,
      fix: "write the values out instead of using aliases of aliases")
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
    default: false
    }
  }

  /// False if a scalar follows on the same line.
  private static func mayStartCollection(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let next = bytes.first(where: { $0 != 0x20 && $0 != 0x09 }) else { return false }
    return !(isName(next) && next != UInt8(ascii: "-"))
      && next != UInt8(ascii: "\"") && next != UInt8(ascii: "'") && next != UInt8(ascii: ".")
  }
}
