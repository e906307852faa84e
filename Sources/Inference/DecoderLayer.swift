import Architectures
import Checkpoints
import Kernels
import Tensors

/// The weights of one layer, packed for multiplication.
struct DecoderLayer: Sendable {
  let options: ModelConfiguration.LayerOptions
  let attentionNorm: [Float]
  /// Query, key and value rows, one after the other.
  let queryKeyValue: BiasedMatrix
  let output: BiasedMatrix
  let mlpNorm: [Float]
  /// Gate rows, then up rows.
  let gateUp: BiasedMatrix
  let down: BiasedMatrix

  /// Reads and packs the weights of a layer on all workers.
  init(
    _ index: Int, of decoder: Decoder, gemm: Gemm, pool: WorkerPool, times: WorkTimes
  ) throws {
    var jobs = PackingJobs()
    self = try DecoderLayer(index, of: decoder, gemm: gemm, pool: pool, jobs: &jobs)
    try jobs.run(on: pool, times: times)
  }

  /// Reads the vectors of a layer; its matrices are ready when the jobs have run.
  init(
    _ index: Int, of decoder: Decoder, gemm: Gemm, pool: WorkerPool, jobs: inout PackingJobs
  ) throws {
    options = decoder.configuration.layers[index]
    func matrix(_ projections: [Projection]) throws -> BiasedMatrix {
      try BiasedMatrix(
        projections, layer: index, of: decoder, gemm: gemm, pool: pool, jobs: &jobs)
    }
    attentionNorm = try decoder.vector(.attentionNorm, layer: index, pool: pool)
    queryKeyValue = try matrix([.query, .key, .value])
    output = try matrix([.output])
    mlpNorm = try decoder.vector(.mlpNorm, layer: index, pool: pool)
    gateUp = try matrix([.gate, .up])
    down = try matrix([.down])
  }

  var byteCount: Int {
    [queryKeyValue, output, gateUp, down].reduce(0) { $0 + $1.matrix.byteCount }
  }
}

/// Projections of one input, stacked into a matrix.
struct BiasedMatrix: Sendable {
  let matrix: PackedMatrix
  /// One value per output; empty if none of the projections has a bias.
  let bias: [Float]

  init(
    _ projections: [Projection], layer: Int, of decoder: Decoder, gemm: Gemm, pool: WorkerPool,
    jobs: inout PackingJobs
  ) throws {
    var parts: [(name: TensorName, outputs: Range<Int>)] = []
    var bias: [Float] = []
    var outputs = 0
    var inputs = 0
    for projection in projections {
      let size = decoder.configuration.size(of: projection)
      inputs = size.in
      let name = decoder.requiredName(.matrix(projection), layer: layer)
      parts.append((name, outputs..<outputs + size.out))
      if decoder.name(.bias(projection), layer: layer) != nil {
        // Projections before this one that have no bias get zeros.
        bias += [Float](repeating: 0, count: outputs - bias.count)
        bias += try decoder.vector(.bias(projection), layer: layer, pool: pool)
      }
      outputs += size.out
    }
    if !bias.isEmpty { bias += [Float](repeating: 0, count: outputs - bias.count) }
    self.bias = bias
    matrix = try decoder.matrix(
      parts, outputs: outputs, inputs: inputs, gemm: gemm, pool: pool, jobs: &jobs)
  }
}

extension Decoder {
  /// The tensor of a part that every model of the configuration has.
  func requiredName(_ part: WeightPart, layer: Int? = nil) -> TensorName {
    guard let name = name(part, layer: layer) else {
      preconditionFailure(
        "the configuration has no \(part) in layer \(layer.map(String.init) ?? "-")")
    }
    return name
  }

  /// All values of a tensor with one axis.
  func vector(_ part: WeightPart, layer: Int? = nil, pool: WorkerPool) throws -> [Float] {
    let name = requiredName(part, layer: layer)
    let count = source.description(of: name)?.shape.elementCount ?? 0
    try source.prepare(name, on: pool)
    var values = [Float](repeating: 0, count: count)
    var span = values.mutableSpan
    try source.read(name, elements: 0..<count, into: &span)
    return values
  }

  /// Tensors [outputs, inputs] stacked into one matrix, which is ready when the jobs have run.
  func matrix(
    _ parts: [(name: TensorName, outputs: Range<Int>)], outputs: Int, inputs: Int, gemm: Gemm,
    pool: WorkerPool, jobs: inout PackingJobs
  ) throws -> PackedMatrix {
    for part in parts { try source.prepare(part.name, on: pool) }
    return jobs.add(outputs: outputs, inputs: inputs, gemm: gemm) { [source] slice, rows in
      for part in parts where part.outputs.overlaps(slice) {
        let common = part.outputs.clamped(to: slice)
        let first = (common.lowerBound - part.outputs.lowerBound) * inputs
        let offset = (common.lowerBound - slice.lowerBound) * inputs
        let count = common.count * inputs
        var target = rows._mutatingExtracting(offset..<offset + count)
        try source.read(part.name, elements: first..<first + count, into: &target)
      }
    }
  }
}
