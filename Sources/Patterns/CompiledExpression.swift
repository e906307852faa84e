import COniguruma
import Diagnostics
import Synchronization

/// Owner of a compiled expression in Oniguruma's memory.
///
/// Immutable once compiled: Oniguruma writes to the region and the parameters of a search only, and
/// every search has its own. This is what makes it sendable.
@safe final class CompiledExpression: @unchecked Sendable {
  private let regex: OnigRegex

  /// Compiles one expression at a time: the library shares tables of names between compilations.
  private static let compiling = Mutex(coniguruma_initialize())

  init(_ source: String, at location: String) throws(Diagnostic) {
    let pattern = Array(source.utf8)
    let (compiled, problem): (OnigRegex?, String) = unsafe Self.compiling.withLock { _ in
      unsafe pattern.withUnsafeBufferPointer { pattern in
        // An empty array may have no address, and Oniguruma wants one.
        let empty: StaticString = ""
        let start = unsafe pattern.baseAddress ?? empty.utf8Start
        let end = unsafe start + pattern.count
        var regex: OnigRegex?
        var info = unsafe OnigErrorInfo()
        let code = unsafe coniguruma_compile(&regex, start, end, &info)
        if code == ONIG_NORMAL { return unsafe (regex, "") }
        return unsafe (nil, Self.describe(code, &info))
      }
    }
    guard let compiled = unsafe compiled else {
      throw Diagnostic(
        "the regular expression '\(source)' is not valid: \(problem)", at: location,
        fix: "correct it; the syntax is Ruby's (Oniguruma)")
    }
    unsafe regex = compiled
  }

  deinit { unsafe onig_free(regex) }

  private static func describe(_ code: CInt, _ info: UnsafeMutablePointer<OnigErrorInfo>) -> String
  {
    let message = unsafe [UInt8](unsafeUninitializedCapacity: Int(ONIG_MAX_ERROR_MESSAGE_LEN)) {
      buffer, count in
      guard let start = buffer.baseAddress else { return }
      count = Int(unsafe coniguruma_describe(code, info, start))
    }
    return String(decoding: message, as: UTF8.self)
  }

  /// Offsets of one match and its groups; group 0 is the match.
  @safe struct Region: ~Copyable {
    fileprivate let registers: UnsafeMutablePointer<OnigRegion>
    fileprivate let offset: Int

    var count: Int { Int(unsafe registers.pointee.num_regs) }

    func group(_ number: Int) -> Range<Int>? {
      let start = Int(unsafe registers.pointee.beg[number])
      guard start >= 0 else { return nil }
      return offset + start..<offset + Int(unsafe registers.pointee.end[number])
    }

    var range: Range<Int> { group(0) ?? offset..<offset }
  }

  /// Which empty matches count.
  enum EmptyMatches {
    /// None right behind another match: the rule of Ruby and of the `tokenizers` library.
    case apart
    /// Also right behind a match that is not empty, and a match that is not empty right behind an empty one:
    /// the rule of Python's `re`.
    case adjacent
  }

  /// Calls `body` for each match in `text[range]`, with offsets into `text`.
  func search(
    _ text: [UInt8], in range: Range<Int>, emptyMatches: EmptyMatches = .apart,
    _ body: (borrowing Region) -> Void
  ) {
    precondition(range.count <= Int(CInt.max), "Oniguruma counts bytes in 32 bits")
    guard let registers = unsafe onig_region_new(), let parameters = unsafe onig_new_match_param()
    else { preconditionFailure("out of memory") }
    defer {
      unsafe onig_region_free(registers, 1)
      unsafe onig_free_match_param(parameters)
    }
    // Some versions take 0 for no limit, others for no retry.
    unsafe onig_set_retry_limit_in_match_of_match_param(parameters, .max)
    unsafe onig_set_retry_limit_in_search_of_match_param(parameters, .max)
    let region = unsafe Region(registers: registers, offset: range.lowerBound)
    unsafe text[range].withUnsafeBufferPointer { bytes in
      let empty: StaticString = ""
      let start = unsafe bytes.baseAddress ?? empty.utf8Start
      let end = unsafe start + bytes.count
      var position = 0
      var lastEnd: Int?
      var mustAdvance = false
      while position <= bytes.count {
        let found =
          if mustAdvance {
            unsafe onig_match_with_param(
              regex, start, end, start + position, registers, ONIG_OPTION_FIND_NOT_EMPTY,
              parameters)
          } else {
            unsafe onig_search_with_param(
              regex, start, end, start + position, end, registers, ONIG_OPTION_NONE, parameters)
          }
        if found == ONIG_MISMATCH {
          guard mustAdvance else { return }
          mustAdvance = false
          position += unsafe position < bytes.count ? scalarLength(bytes[position]) : 1
          continue
        }
        precondition(found >= 0, "Oniguruma ran out of memory (error \(found))")
        let match = region.range
        let matchEnd = match.upperBound - range.lowerBound
        if match.isEmpty, matchEnd == lastEnd, emptyMatches == .apart {
          position += unsafe position < bytes.count ? scalarLength(bytes[position]) : 1
        } else {
          body(region)
          position = matchEnd
          lastEnd = matchEnd
          mustAdvance = match.isEmpty && emptyMatches == .adjacent
        }
      }
    }
  }
}

/// Bytes of the UTF-8 sequence that starts with `lead`.
private func scalarLength(_ lead: UInt8) -> Int {
  lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
}
