import Diagnostics
import Documents

/// Removes up to so many copies of a character from the ends of each string.
struct StripDecoder: TokenDecoder {
  /// One scalar, in UTF-8.
  let content: [UInt8]
  let start: Int
  let stop: Int

  init(_ node: JSONNode) throws(Diagnostic) {
    content = try node.required("content").scalar()
    start = try Self.count(node.required("start"))
    stop = try Self.count(node.required("stop"))
  }

  private static func count(_ node: JSONNode) throws(Diagnostic) -> Int {
    guard let count = node.value.integer, count >= 0 else {
      throw node.wrongType("a whole number from 0")
    }
    return count
  }

  func decode(_ tokens: inout [[UInt8]]) {
    for index in tokens.indices {
      let token = tokens[index]
      var lower = 0
      var upper = token.count
      var left = start
      while left > 0, token.holds(content, at: lower, before: upper) {
        lower += content.count
        left -= 1
      }
      var right = stop
      while right > 0, upper - content.count >= lower,
        token.holds(content, at: upper - content.count, before: upper)
      {
        upper -= content.count
        right -= 1
      }
      if upper - lower < token.count { tokens[index] = Array(token[lower..<upper]) }
    }
  }
}
