import Architectures
import Kernels
import Synchronization

/// Runs blocks of rows through one layer on all workers.
struct LayerPass: Sendable {
  let configuration: ModelConfiguration
  let heads: HeadSizes
  let gemm: Gemm
  /// Rows per block, one of the heights of `gemm`.
  let height: Int
  let pool: WorkerPool
  let workspaces: WorkspacePool

  private var hidden: Int { configuration.hiddenSize }
  private var epsilon: Float { Float(configuration.normEpsilon) }

  /// Queries, and keys and values, of all rows: `queries` [rows, queryWidth], `keyValues` [rows, keyValueWidth].
  func project(
    _ states: [Float], _ rows: ForwardRows, _ layer: DecoderLayer, rotary: RotaryTable,
    queries: inout [Float], keyValues: inout [Float]
  ) throws {
    let scale = 1 / Float(heads.size).squareRoot()
    try pool.forEachTile(
      of: &queries, tile: height * heads.queryWidth,
      and: &keyValues, tile: height * heads.keyValueWidth
    ) { number, queries, keyValues in
      let first = number * height
      let count = queries.count / heads.queryWidth
      workspaces.with { space in
        multiplyNormed(
          states, first..<first + count, layer.attentionNorm, layer.queryKeyValue, &space)
        splitHeads(
          space.product.span.extracting(0..<count * heads.projectedWidth),
          bias: layer.queryKeyValue.bias.span, heads: heads,
          positions: rows.positions.span.extracting(first..<first + count), rotary: rotary,
          queryScale: scale, queries: &queries, keyValues: &keyValues)
      }
    }
  }

  /// Adds the layer's attention and MLP to all rows of `states` [rows, hidden].
  ///
  /// - Returns: Whether all states are finite.
  func finish(
    _ states: inout [Float], _ rows: ForwardRows, _ layer: DecoderLayer, queries: [Float],
    keyValues: [Float]
  ) throws -> Bool {
    let isFinite = Atomic(true)
    try pool.forEachTile(of: &states, tile: height * hidden) { offset, states in
      let first = offset / hidden
      let count = states.count / hidden
      workspaces.with { space in
        attendBlock(first..<first + count, rows, layer, queries, keyValues, &space)
        var finite = add(layer.output, to: &states, &space)
        gateBlock(states.span, layer, &space)
        finite = add(layer.down, to: &states, &space, gated: true) && finite
        if !finite { isFinite.store(false, ordering: .relaxed) }
      }
    }
    return isFinite.load(ordering: .relaxed)
  }

  // MARK: Steps of a block

  /// Leaves norm(states[rows]) · matrix in space.product.
  private func multiplyNormed(
    _ states: [Float], _ rows: Range<Int>, _ norm: [Float], _ matrix: BiasedMatrix,
    _ space: inout Workspace
  ) {
    normalize(
      states.span.extracting(rows.lowerBound * hidden..<rows.upperBound * hidden), norm, &space)
    multiply(space.input, matrix.matrix, into: &space.product)
  }

  /// space.input = norm(states), with zeros up to the block's height.
  private func normalize(_ states: Span<Float>, _ norm: [Float], _ space: inout Workspace) {
    Workspace.reserve(&space.input, height * max(hidden, heads.outputWidth))
    var input = space.input.mutableSpan
    var rows = input._mutatingExtracting(0..<states.count)
    rmsNorm(states, weights: norm.span, epsilon: epsilon, into: &rows)
    clear(&space.input, states.count..<height * hidden)
  }

  /// space.input = attention of the rows over what they see.
  private func attendBlock(
    _ block: Range<Int>, _ rows: ForwardRows, _ layer: DecoderLayer, _ queries: [Float],
    _ keyValues: [Float], _ space: inout Workspace
  ) {
    Workspace.reserve(&space.input, height * max(hidden, heads.outputWidth))
    rows.forEachSegment(in: block) { segment, run in
      attendRun(
        run, segment, in: block, rows, layer, queries, keyValues, scratch: &space.attention,
        into: &space.input)
    }
    clear(&space.input, block.count * heads.outputWidth..<height * heads.outputWidth)
  }

  private func attendRun(
    _ run: Range<Int>, _ segment: ForwardRows.Segment, in block: Range<Int>, _ rows: ForwardRows,
    _ layer: DecoderLayer, _ queries: [Float], _ keyValues: [Float], scratch: inout [Float],
    into input: inout [Float]
  ) {
    let width = heads.outputWidth
    let start = (run.lowerBound - block.lowerBound) * width
    var span = input.mutableSpan
    var out = span._mutatingExtracting(start..<start + run.count * width)
    attend(
      queries.span.extracting(
        run.lowerBound * heads.queryWidth..<run.upperBound * heads.queryWidth),
      heads: heads, keyValues: keyValues.span, prefix: rows.ranges.span.extracting(segment.prefix),
      last: segment.last(row: run.lowerBound), window: layer.options.window, scratch: &scratch,
      into: &out)
  }

  /// space.gated = activation(gate) · up of the normed states.
  private func gateBlock(_ states: Span<Float>, _ layer: DecoderLayer, _ space: inout Workspace) {
    let width = configuration.intermediateSize
    let count = states.count / hidden
    normalize(states, layer.mlpNorm, &space)
    multiply(space.input, layer.gateUp.matrix, into: &space.product)
    Workspace.reserve(&space.gated, height * width)
    gateRows(space.product, count, layer, into: &space.gated)
    clear(&space.gated, count * width..<height * width)
  }

  private func gateRows(
    _ product: [Float], _ count: Int, _ layer: DecoderLayer, into gated: inout [Float]
  ) {
    let width = configuration.intermediateSize
    var span = gated.mutableSpan
    var rows = span._mutatingExtracting(0..<count * width)
    gate(
      product.span.extracting(0..<count * 2 * width), bias: layer.gateUp.bias.span,
      activation: GateActivation(configuration.activation), width: width, into: &rows)
  }

  /// Adds the product of the block's input, or of its gated values, to the states.
  private func add(
    _ matrix: BiasedMatrix, to states: inout MutableSpan<Float>, _ space: inout Workspace,
    gated: Bool = false
  ) -> Bool {
    multiply(gated ? space.gated : space.input, matrix.matrix, into: &space.product)
    return addRows(
      space.product.span.extracting(0..<states.count), bias: matrix.bias.span, width: hidden,
      to: &states)
  }

  /// product = the first `height` rows times the matrix.
  func multiply(_ rows: [Float], _ matrix: PackedMatrix, into product: inout [Float]) {
    Workspace.reserve(&product, height * matrix.outputs)
    var whole = product.mutableSpan
    var out = whole._mutatingExtracting(0..<height * matrix.outputs)
    gemm.multiply(rows.span.extracting(0..<height * matrix.inputs), matrix, into: &out)
  }

  private func clear(_ array: inout [Float], _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    var span = array.mutableSpan
    var part = span._mutatingExtracting(range)
    part.update(repeating: 0)
  }
}

extension GateActivation {
  init(_ activation: Activation) {
    switch activation {
    case .silu: self = .silu
    case .gelu: self = .gelu
    case .geluTanh: self = .geluTanh
    case .quickGelu: self = .quickGelu
    case .relu: self = .relu
    case .reluSquared: self = .reluSquared
    }
  }
}
