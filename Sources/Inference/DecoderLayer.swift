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
  /// In order of their columns, covering all inner values.
  let gateUp: [GatePanel]
  let down: BiasedMatrix
  let mlpOutputNorm: RowNorm?

  /// Reads and packs the weights of a layer on all workers.
  init(
    _ index: Int, of decoder: Decoder, gemm: Gemm, pool: WorkerPool, times: WorkTimes
  ) throws {
    var jobs = PackingJobs()
    self = try DecoderLayer(
      index, of: decoder, gemm: gemm, pool: pool, memory: PackingMemory(), jobs: &jobs)
    try jobs.run(on: pool, times: times)
  }

  /// Reads the vectors of a layer; its matrices, which lie in `memory`, are ready when the jobs have run.
  init(
    _ index: Int, of decoder: Decoder, gemm: Gemm, pool: WorkerPool, memory: PackingMemory,
    jobs: inout PackingJobs
  ) throws {
    let configuration = decoder.configuration
    options = configuration.layers[index]
    func norm(_ place: NormPlace) throws -> RowNorm? {
      try decoder.norm(place, layer: index, pool: pool)
    }
    let matrices = try decoder.matrices(
      [[.query, .key, .value, .queryKeyValue], [.output], [.down], [.gate, .up, .gateUp]],
      layer: index, gemm: gemm, pool: pool, memory: memory, jobs: &jobs)
    (queryKeyValue, output, down) = (matrices[0], matrices[1], matrices[2])
    gateUp = zip(decoder.innerPanels, matrices[3...]).map { GatePanel(columns: $0, rows: $1) }
    attentionNorm = try norm(.attentionInput)
    queryNorm = try norm(.query)
    keyNorm = try norm(.key)
    attentionOutputNorm = try norm(.attentionOutput)
    let ownNorm = try norm(.mlpInput)
    mlpNorm = ownNorm ?? (configuration.isParallel ? attentionNorm : nil)
    mlpOutputNorm = try norm(.mlpOutput)
  }

  var byteCount: Int {
    ([queryKeyValue, output, down] + gateUp.map(\.rows)).reduce(0) { $0 + $1.matrix.byteCount }
  }
}

/// Projections of one input, stacked into a matrix.
struct BiasedMatrix: Sendable {
  let matrix: PackedMatrix
  /// One value per output; empty if none of the projections has a bias.
  let bias: [Float]
}

/// What yields some of the MLP's inner values.
struct GatePanel: Sendable {
  let columns: Range<Int>
  /// Their gate rows, then their up rows; without a gate up rows alone.
  let rows: BiasedMatrix
}

extension Decoder {
  /// One matrix for each stack of projections but the last one, then one for each panel of the last; they are ready
  /// when the jobs have run.
  fileprivate func matrices(
    _ stacks: [[Projection]], layer: Int, gemm: Gemm, pool: WorkerPool, memory: PackingMemory,
    jobs: inout PackingJobs
  ) throws -> [BiasedMatrix] {
    var rows: [(rows: StackedRows, bias: [Float])] = []
    for (index, projections) in stacks.enumerated() {
      let stack = stacked(projections, layer: layer)
      for part in stack.parts { try source.prepare(part.name, on: pool) }
      let bias = try bias(of: stack, layer: layer, pool: pool)
      guard index == stacks.count - 1 else {
        rows.append((stack, bias))
        continue
      }
      for columns in innerPanels {
        let outputs = stride(from: 0, to: stack.outputs, by: configuration.intermediateSize).map {
          $0 + columns.lowerBound..<$0 + columns.upperBound
        }
        rows.append(
          (stack.selecting(outputs), bias.isEmpty ? [] : outputs.flatMap { bias[$0] }))
      }
    }
    let packings = gemm.packings(rows.map { ($0.rows.outputs, $0.rows.inputs) }, in: memory)
    return try zip(rows, packings).map { rows, packing in
      BiasedMatrix(
        matrix: try matrix(rows.rows, packing, pool: pool, jobs: &jobs), bias: rows.bias)
    }
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
