/// Overwrites all of `destination` with `source`, which is as long.
public func copy<E: BitwiseCopyable>(_ source: Span<E>, into destination: inout MutableSpan<E>) {
  precondition(source.count == destination.count, "\(source.count) != \(destination.count)")
  unsafe source.withUnsafeBufferPointer { from in
    unsafe destination.withUnsafeMutableBufferPointer { to in
      _ = unsafe to.update(fromContentsOf: from)
    }
  }
}
