extension PythonText {
  /// The first occurrence of `part` at or after `start`, in bytes; UTF-8 finds characters only.
  static func range(of part: String, in text: [UInt8], from start: Int = 0) -> Range<Int>? {
    let part = Array(part.utf8)
    guard text.count - start >= part.count else { return nil }
    for position in start...(text.count - part.count)
    where text[position..<(position + part.count)].elementsEqual(part) {
      return position..<(position + part.count)
    }
    return nil
  }

  /// `str.replace(old, new, limit)`; a negative limit is none.
  static func replacing(
    _ old: String, with new: String, in text: String, limit: Int = -1
  ) -> String {
    let limit = limit < 0 ? Int.max : limit
    guard !old.isEmpty else {
      var result = ""
      var count = 0
      for scalar in text.unicodeScalars {
        if count < limit {
          result += new
          count += 1
        }
        result.unicodeScalars.append(scalar)
      }
      return count < limit ? result + new : result
    }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var position = 0
    var count = 0
    while count < limit, let match = range(of: old, in: bytes, from: position) {
      result += bytes[position..<match.lowerBound] + Array(new.utf8)
      position = match.upperBound
      count += 1
    }
    result += bytes[position...]
    return String(decoding: result, as: UTF8.self)
  }

  /// `str.split(separator, limit)`.
  static func split(_ text: String, by separator: String, limit: Int = -1) -> [String] {
    let limit = limit < 0 ? Int.max : limit
    let bytes = Array(text.utf8)
    var parts: [String] = []
    var position = 0
    while parts.count < limit, let match = range(of: separator, in: bytes, from: position) {
      parts.append(String(decoding: bytes[position..<match.lowerBound], as: UTF8.self))
      position = match.upperBound
    }
    return parts + [String(decoding: bytes[position...], as: UTF8.self)]
  }

  /// `str.rsplit(separator, limit)`.
  static func splitFromEnd(_ text: String, by separator: String, limit: Int = -1) -> [String] {
    let bytes = Array(text.utf8)
    let length = separator.utf8.count
    var parts: [String] = []
    var end = bytes.count
    var position = end - length
    while position >= 0, limit < 0 || parts.count < limit {
      if bytes[position..<(position + length)].elementsEqual(separator.utf8) {
        parts.append(String(decoding: bytes[(position + length)..<end], as: UTF8.self))
        end = position
        position -= length
      } else {
        position -= 1
      }
    }
    return [String(decoding: bytes[..<end], as: UTF8.self)] + parts.reversed()
  }

  /// `str.split()`: at runs of white space; what follows the last cut that the limit allows stays whole.
  static func words(_ text: String, limit: Int = -1) -> [String] {
    let scalars = Array(text.unicodeScalars)
    var words: [String] = []
    var position = 0
    while true {
      while position < scalars.count, isWhitespace(scalars[position]) { position += 1 }
      guard position < scalars.count else { return words }
      if limit >= 0, words.count == limit {
        return words + [string(scalars[position...])]
      }
      let start = position
      while position < scalars.count, !isWhitespace(scalars[position]) { position += 1 }
      words.append(string(scalars[start..<position]))
    }
  }

  /// `str.splitlines()`.
  static func lines(_ text: String, keepEnds: Bool = false) -> [String] {
    let scalars = Array(text.unicodeScalars)
    var lines: [String] = []
    var start = 0
    var position = 0
    while position < scalars.count {
      guard isLineEnd(scalars[position]) else {
        position += 1
        continue
      }
      let end = position
      position += 1
      if scalars[end] == "\r", position < scalars.count, scalars[position] == "\n" { position += 1 }
      lines.append(string(scalars[start..<(keepEnds ? position : end)]))
      start = position
    }
    if start < scalars.count { lines.append(string(scalars[start...])) }
    return lines
  }

  private static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  /// `strip`, `lstrip` and `rstrip`; of white space if `characters` is nil.
  static func stripped(
    _ text: String, of characters: String?, left: Bool = true, right: Bool = true
  ) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? isWhitespace(scalar) }
    var text = Array(text.unicodeScalars)[...]
    while left, let first = text.first, goes(first) { text.removeFirst() }
    while right, let last = text.last, goes(last) { text.removeLast() }
    return string(text)
  }

  static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }
}
