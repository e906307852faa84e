extension Array<Float> {
  public mutating func append(_ elements: Span<Float>) {
    unsafe elements.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
