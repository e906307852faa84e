internal import CKernels

/// A 128-bit hash of bytes that tells contents apart; no protection against forgery.
///
/// The construction is written down in `CKernels/content_hash.c`.
public struct ContentHash: Hashable, Sendable {
  public let high: UInt64
  public let low: UInt64

  public init(of bytes: RawSpan) {
    var words: (UInt64, UInt64) = (0, 0)
    unsafe bytes.withUnsafeBytes { source in
      unsafe withUnsafeMutableBytes(of: &words) { target in
        let result = unsafe target.assumingMemoryBound(to: UInt64.self).baseAddress
        // An empty span may have no address; the kernel then reads none of the byte it is given.
        var none: UInt8 = 0
        unsafe withUnsafePointer(to: &none) { placeholder in
          let address =
            unsafe source.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? placeholder
          unsafe ck_hash_block(address, source.count, result)
        }
      }
    }
    high = words.0
    low = words.1
  }

  /// The hash of the hashes, in their order.
  public init(of hashes: [ContentHash]) {
    let words = hashes.flatMap { [$0.high, $0.low] }
    self = words.withRawBytes { ContentHash(of: $0) }
  }

  /// 32 lowercase hexadecimal digits.
  public var hexadecimal: String {
    [high, low].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
