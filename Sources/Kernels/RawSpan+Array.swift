extension Array where Element == UInt8 {
  /// A copy of the bytes.
  public init(copying bytes: RawSpan) {
    self = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
  }
}

extension Array where Element: BitwiseCopyable {
  /// Hands the elements' bytes, as they lie in memory, to `body`.
  ///
  /// - Throws: What `body` throws.
  public func withRawBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(span.bytes)
  }
}
