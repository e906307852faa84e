/// A matrix on its way into a backend's layout: a fixed number of slices, each to be packed once.
public struct MatrixPacking: Sendable {
  /// The result; not to be multiplied with before every slice is packed.
  public let matrix: PackedMatrix
  public let sliceCount: Int
  /// Outputs per slice, but for the last one.
  private let step: Int

  init(outputs: Int, inputs: Int, _ content: any PackedContent) {
    matrix = PackedMatrix(outputs: outputs, inputs: inputs, content: content)
    // About half a megabyte of weights, so that reading and packing meet in the cache.
    let wanted = max(1, (1 << 17) / max(1, inputs))
    let alignment = content.sliceAlignment
    step = (wanted + alignment - 1) / alignment * alignment
    sliceCount = (outputs + step - 1) / step
  }

  /// Packs one slice; different slices may be packed at the same time.
  ///
  /// `fill` writes the rows `outputs` of the weights, row-major.
  /// - Throws: What `fill` throws.
  public func pack(
    slice: Int, times: WorkTimes? = nil,
    fill: (_ outputs: Range<Int>, _ rows: inout MutableSpan<Float>) throws -> Void
  ) throws {
    let outputs = slice * step..<min(matrix.outputs, (slice + 1) * step)
    let count = outputs.count * matrix.inputs
    let began = WorkTimes.now()
    let rows = try unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      var span = unsafe MutableSpan(_unsafeElements: buffer.extracting(0..<count))
      try fill(outputs, &span)
      initialized = count
    }
    let filled = WorkTimes.now()
    matrix.content.pack(rows.span, outputs: outputs)
    times?.add(filled - began, to: .merge)
    times?.add(WorkTimes.now() - filled, to: .packing)
  }
}
