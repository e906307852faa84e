import Checkpoints
import Kernels
import MergeMethods
import Tensors

/// One input of an output tensor: where its elements come from and how they enter the merge.
struct TensorInput: Sendable {
  let source: any WeightSource
  /// Name in the source.
  let name: TensorName
  let dtype: DType
  /// The recipe's `dtype`, where rounding to it changes values.
  let cast: DType?
  /// Rows in the order of the output's vocabulary; nil if they stand there already.
  let rows: AlignedRows?
  /// Nil if the numbers belong to one candidate only.
  let identity: InputIdentity?

  func read(elements: Range<Int>, into row: inout MutableSpan<Float>) throws {
    if let rows {
      try rows.read(elements: elements, into: &row)
    } else {
      try source.read(name, elements: elements, into: &row)
    }
    if let cast { round(&row, to: cast) }
  }

  func expect(_ use: WeightUse) {
    if rows == nil { source.expect(use, of: name) }
  }

  func prepare(on pool: WorkerPool) throws {
    if let rows {
      try rows.prepare(on: pool)
    } else {
      try source.prepare(name, on: pool)
    }
  }
}

/// All inputs of one output tensor.
struct TensorInputs: InputReader {
  let inputs: [TensorInput]
  let elementCount: Int
  /// Where each input lies in memory as it enters the merge; nil where it is computed.
  private let places: [StoredElements?]

  init(inputs: [TensorInput], elementCount: Int) {
    self.inputs = inputs
    self.elementCount = elementCount
    places = inputs.map { $0.rows == nil ? $0.source.stored($0.name) : nil }
  }

  func open(_ elements: Range<Int>, of inputs: [Int]) throws {
    for input in inputs { try places[input]?.check(elements) }
  }

  func read(_ input: Int, elements: Range<Int>, into row: inout MutableSpan<Float>) throws {
    guard let place = places[input] else {
      return try inputs[input].read(elements: elements, into: &row)
    }
    place.widen(elements, into: &row)
    if let cast = inputs[input].cast { round(&row, to: cast) }
  }

  /// Where inputs lie, if a kernel can read them all from there.
  func stored(_ operands: [Int]) -> [StoredElements]? {
    let places = operands.compactMap { inputs[$0].cast == nil ? self.places[$0] : nil }
    guard places.count == operands.count, let first = places.first,
      places.allSatisfy({ $0.dtype == first.dtype })
    else { return nil }
    return places
  }

  func expect(_ use: WeightUse) {
    for (input, place) in zip(inputs, places) {
      if let place {
        place.expect(use)
      } else {
        input.expect(use)
      }
    }
  }
}
