import Diagnostics
import Tensors

/// The library that multiplies matrices.
public enum GemmBackend: String, Sendable, CaseIterable {
  case oneDNN = "oneDNN"
  case openBLAS = "OpenBLAS"

  /// The backends of this build, the preferred one first.
  public static var available: [GemmBackend] {
    #if OneDNN
      [.oneDNN, .openBLAS]
    #else
      [.openBLAS]
    #endif
  }

  public static var standard: GemmBackend { available[0] }
}

/// The numbers that a product reads; it sums in single precision.
public enum GemmPrecision: String, Sendable, CaseIterable {
  case f32
  /// Weights and activations are rounded to bfloat16 first.
  case bf16

  /// Bytes of a number.
  public var size: Int { self == .f32 ? 4 : 2 }
}

extension GemmBackend {
  /// Whether this processor has units for the precision, and the library uses them.
  public func supports(_ precision: GemmPrecision) -> Bool {
    switch (self, precision) {
    case (_, .f32): true
    case (.openBLAS, .bf16): false
    case (.oneDNN, .bf16):
      #if OneDNN
        OneDNNLibrary.hasBFloat16Units
      #else
        false
      #endif
    }
  }
}

/// The weights of a linear layer in the layout that a backend multiplies fastest; immutable.
public final class PackedMatrix: Sendable {
  /// Rows of the weights: values per output row.
  public let outputs: Int
  /// Columns of the weights: values per input row.
  public let inputs: Int
  /// Memory that the packed weights take.
  public let byteCount: Int
  let content: any PackedContent

  init(outputs: Int, inputs: Int, content: any PackedContent) {
    self.outputs = outputs
    self.inputs = inputs
    self.content = content
    byteCount = content.byteCount
  }
}

/// What a backend keeps of packed weights: filled slice by slice, then never changed.
protocol PackedContent: AnyObject, Sendable {
  var byteCount: Int { get }
  /// Slices start at multiples of this many outputs.
  var sliceAlignment: Int { get }
  /// Puts the rows `outputs` of the weights, row-major, into their place. Disjoint slices may be packed
  /// at the same time.
  func pack(_ weights: Span<Float>, outputs: Range<Int>)
  /// Overwrites `output` (`height` × outputs) with `rows` (`height` × inputs) times the weights, transposed.
  func multiply(
    _ rows: Span<Float>, height: Int, scratch: GemmScratch, into output: inout MutableSpan<Float>)
  /// The same with rows that are rounded already, for content that is multiplied in bfloat16.
  func multiply(
    rounded rows: Span<BFloat16>, height: Int, scratch: GemmScratch,
    into output: inout MutableSpan<Float>)
}

/// Makes room for packed weights, row-major `outputs` × `inputs`.
protocol GemmLibrary: Sendable {
  /// Heights worth trying, ascending.
  var candidateHeights: [Int] { get }
  /// The heights at which this library has a fast product for the shape.
  func supportedHeights(outputs: Int, inputs: Int, among heights: [Int]) -> [Int]
  func makeContent(outputs: Int, inputs: Int, heights: [Int]) -> any PackedContent
  /// Room for several matrices that come and go together; a library may take it from `memory`.
  func makeContents(
    _ shapes: [(outputs: Int, inputs: Int)], heights: [Int], in memory: PackingMemory
  ) -> [any PackedContent]
}

extension GemmLibrary {
  func makeContents(
    _ shapes: [(outputs: Int, inputs: Int)], heights: [Int], in memory: PackingMemory
  ) -> [any PackedContent] {
    shapes.map { makeContent(outputs: $0.outputs, inputs: $0.inputs, heights: heights) }
  }
}

/// Products of a block of activations with packed weights, on the calling thread.
///
/// Blocks have one of a few fixed heights; a shorter rest is padded by the caller. Then a row of the
/// result has the same bits wherever it stands, whoever stands beside it and whichever height is used:
/// ``verify(shapes:on:)`` makes sure of it on this machine.
public struct Gemm: Sendable {
  public let backend: GemmBackend
  public let precision: GemmPrecision
  /// Ascending multiples of 64.
  public let heights: [Int]
  let library: any GemmLibrary

  /// - Precondition: The build has the backend, and it supports the precision here.
  public init(_ backend: GemmBackend, _ precision: GemmPrecision = .f32) {
    precondition(
      backend.supports(precision), "\(backend.rawValue) has no \(precision.rawValue) units here")
    switch backend {
    case .oneDNN:
      #if OneDNN
        self.init(backend, precision, OneDNNLibrary(precision))
      #else
        preconditionFailure("this build has no oneDNN")
      #endif
    case .openBLAS:
      self.init(backend, precision, OpenBLASLibrary())
    }
  }

  private init(_ backend: GemmBackend, _ precision: GemmPrecision, _ library: any GemmLibrary) {
    self.init(backend, precision, library, heights: library.candidateHeights)
  }

  init(
    _ backend: GemmBackend, _ precision: GemmPrecision, _ library: any GemmLibrary, heights: [Int]
  ) {
    self.backend = backend
    self.precision = precision
    self.library = library
    self.heights = heights
  }

  /// Packs row-major weights [outputs, inputs]; the span is not needed afterwards.
  public func pack(_ weights: Span<Float>, outputs: Int, inputs: Int) -> PackedMatrix {
    precondition(
      weights.count == outputs * inputs, "\(weights.count) weights for \(outputs) × \(inputs)")
    let content = library.makeContent(outputs: outputs, inputs: inputs, heights: heights)
    content.pack(weights, outputs: 0..<outputs)
    return PackedMatrix(outputs: outputs, inputs: inputs, content: content)
  }

  /// Packs weights [outputs, inputs] on all workers, slice by slice, so that they never lie in memory twice.
  ///
  /// `fill` writes the rows `outputs` of the weights, row-major.
  /// - Throws: What `fill` throws for the lowest slice that fails.
  public func pack(
    outputs: Int, inputs: Int, on pool: WorkerPool,
    fill: @Sendable (_ outputs: Range<Int>, _ rows: inout MutableSpan<Float>) throws -> Void
  ) throws -> PackedMatrix {
    let packing = packing(outputs: outputs, inputs: inputs)
    try pool.forEach(packing.sliceCount) { try packing.pack(slice: $0, fill: fill) }
    return packing.matrix
  }

  /// Weights [outputs, inputs] that are packed slice by slice, by whoever has time.
  public func packing(outputs: Int, inputs: Int) -> MatrixPacking {
    MatrixPacking(
      outputs: outputs, inputs: inputs,
      library.makeContent(outputs: outputs, inputs: inputs, heights: heights))
  }

  /// Weights of several matrices that come and go together; what they leave in `memory` is used again.
  public func packings(
    _ shapes: [(outputs: Int, inputs: Int)], in memory: PackingMemory
  ) -> [MatrixPacking] {
    zip(shapes, library.makeContents(shapes, heights: heights, in: memory)).map { shape, content in
      MatrixPacking(outputs: shape.outputs, inputs: shape.inputs, content)
    }
  }

  /// Overwrites `output` (height × outputs) with `rows` (height × inputs) · weightsᵀ.
  ///
  /// May be called from any thread, also at the same time for one matrix, but not for one scratch.
  /// - Precondition: The height is one of ``heights``.
  public func multiply(
    _ rows: Span<Float>, _ matrix: PackedMatrix, scratch: GemmScratch = GemmScratch(),
    into output: inout MutableSpan<Float>
  ) {
    let height = rows.count / max(1, matrix.inputs)
    precondition(heights.contains(height), "a block of \(height) rows; heights are \(heights)")
    precondition(
      rows.count == height * matrix.inputs && output.count == height * matrix.outputs,
      "\(rows.count) values in, \(output.count) out: \(height) × \(matrix.inputs) → \(matrix.outputs)"
    )
    matrix.content.multiply(rows, height: height, scratch: scratch, into: &output)
  }

  /// The same with the first `height` rows of a factor that is in the numbers of the product.
  public func multiply(
    _ rows: GemmRows, height: Int, _ matrix: PackedMatrix, scratch: GemmScratch = GemmScratch(),
    into output: inout MutableSpan<Float>
  ) {
    let count = height * matrix.inputs
    guard rows.precision == .bf16 else {
      multiply(rows.values.span.extracting(0..<count), matrix, scratch: scratch, into: &output)
      return
    }
    precondition(precision == .bf16 && heights.contains(height), "a block of \(height) rows")
    precondition(output.count == height * matrix.outputs, "\(output.count) values out")
    matrix.content.multiply(
      rounded: rows.rounded.span.extracting(0..<count), height: height, scratch: scratch,
      into: &output)
  }
}
