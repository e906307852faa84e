import Kernels

/// The leading bytes of a mask's random words, of no operands: a byte per element, which spares all candidates
/// of a search the computing of words.
struct MaskBytes: Reduction {
  /// Philox key of the words.
  let key: UInt64
  /// Of the tensor, since the key does not tell.
  let elementCount: Int

  static var isRetained: Bool { true }

  func startChunk() -> LeadingBytes { LeadingBytes(key: key) }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout LeadingBytes) {
    partial.append(stack.count, from: stack.elements.lowerBound)
  }

  func startTotal() -> LeadingBytes { LeadingBytes(key: key) }

  func fold(_ partial: LeadingBytes, into total: inout LeadingBytes) { total.append(partial) }

  func finish(_ total: LeadingBytes) -> LeadingBytes { total }

  static func byteCount(of value: LeadingBytes) -> Int { value.count }
}
