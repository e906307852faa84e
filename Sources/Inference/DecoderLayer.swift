import Architectures
import Checkpoints
import Kernels
import Tensors

/// The weights of one layer, packed for multiplication.
struct DecoderLayer: Sendable {
  let options: ModelConfiguration.LayerOptions
  /// Of what the attention reads; nil: nothing is normalized, as for all norms.
  let attentionNorm: RowNorm?
  /// Query, key and value rows, one after the other.
  let queryKeyValue: BiasedMatrix
  let queryNorm: RowNorm?
  let keyNorm: RowNorm?
  let output: BiasedMatrix
  /// Of what the attention adds.
  let attentionOutputNorm: RowNorm?
  let mlpNorm: RowNorm?
  /// Gate rows, then up rows; without a gate up rows alone.
  let gateUp: BiasedMatrix
  let down: BiasedMatrix
  let mlpOutputNorm: RowNorm?

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
    let configuration = decoder.configuration
    options = configuration.layers[index]
    func matrix(_ projections: [Projection]) throws -> BiasedMatrix {
      try BiasedMatrix(
        decoder.stacked(projections, layer: index), layer: index, of: decoder, gemm: gemm,
        pool: pool, jobs: &jobs)
    }
    func norm(_ place: NormPlace) throws -> RowNorm? {
      try decoder.norm(place, layer: index, pool: pool)
    }
    attentionNorm = try norm(.attentionInput)
    queryKeyValue = try matrix([.query, .key, .value, .queryKeyValue])
    queryNorm = try norm(.query)
    keyNorm = try norm(.key)
    output = try matrix([.output])
    attentionOutputNorm = try norm(.attentionOutput)
    let ownNorm = try norm(.mlpInput)
    mlpNorm = ownNorm ?? (configuration.isParallel ? attentionNorm : nil)
    gateUp = try matrix([.gate, .up, .gateUp])
    down = try matrix([.down])
    mlpOutputNorm = try norm(.mlpOutput)
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
    _ rows: StackedRows, layer: Int, of decoder: Decoder, gemm: Gemm, pool: WorkerPool,
    jobs: inout PackingJobs
  ) throws {
    bias = try decoder.bias(of: rows, layer: layer, pool: pool)
    matrix = try decoder.matrix(rows, gemm: gemm, pool: pool, jobs: &jobs)
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
}
