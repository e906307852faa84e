/// Overwrites all of `destination` with `source`, which is as long.
public func copy<E: BitwiseCopyable>(_ source: Span<E>, into destination: inout MutableSpan<E>) {
  precondition(source.count == destination.count, "\(source.count) != \(destination.count)")
  unsafe source.withUnsafeBufferPointer { from in
    unsafe destination.withUnsafeMutableBufferPointer { to in
      _ = unsafe to.update(fromContentsOf: from)
    }
  }
}

/// Moves some rows of `width` values, which begin at `start`, to `target`, in their order.
///
/// - Precondition: `rows` ascends, and no row of the result lies behind where it came from.
public func moveRows(
  _ rows: [Int], width: Int, from start: Int, to target: Int, in values: inout [Float]
) {
  unsafe values.withUnsafeMutableBufferPointer { values in
    for (place, row) in rows.enumerated() {
      let from = start + row * width
      let to = target + place * width
      precondition(to >= 0 && to <= from && from + width <= values.count, "row \(row) to \(place)")
      guard to < from, let base = values.baseAddress else { continue }
      unsafe (base + to).update(from: base + from, count: width)
    }
  }
}
