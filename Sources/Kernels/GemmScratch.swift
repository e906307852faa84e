import Glibc

/// Memory that the products of one worker use again and again; it grows to the largest that was needed.
@safe
public final class GemmScratch: @unchecked Sendable {
  private var storage: UnsafeMutableRawPointer?
  public private(set) var byteCount = 0

  public init() {}

  deinit { unsafe free(storage) }

  /// At least `bytes` bytes with any content, aligned to a cache line; good until the next call.
  @unsafe
  func memory(_ bytes: Int) -> UnsafeMutableRawPointer {
    if let storage = unsafe storage, byteCount >= bytes { return unsafe storage }
    unsafe free(storage)
    let grown = unsafe alignedMemory(max(64, bytes))
    unsafe storage = grown
    byteCount = max(64, bytes)
    return unsafe grown
  }
}
