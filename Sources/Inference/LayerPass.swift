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
  let times: WorkTimes

  private var hidden: Int { configuration.hiddenSize }

  /// Blocks of `count` rows.
  func blockCount(_ count: Int) -> Int { (count + height - 1) / height }

  /// Queries, and keys and values, of all rows: `queries` [rows, queryWidth], `keyValues` [rows, keyValueWidth].
  ///
  /// Several layers are those of as many decoders on the same rows: then states, queries, keys and values
  /// hold one part for each, filled up to whole blocks. Nothing is computed where a layer is nil. Rows of
  /// `queries` and `keyValues` beyond those stay as they are.
  func project(
    _ states: [Float], _ rows: ForwardRows, _ layers: [DecoderLayer?], rotary: RotaryTable?,
    queries: inout [Float], keyValues: inout [Float]
  ) throws {
    let blocks = blockCount(rows.count)
    let statesPerLayer = states.count / layers.count
    try pool.forEachTile(
      of: &queries, tile: height * heads.queryWidth,
      and: &keyValues, tile: height * heads.keyValueWidth
    ) { number, queries, keyValues in
      guard number < blocks * layers.count, let layer = layers[number / blocks] else { return }
      let block = block(number % blocks, of: rows)
      let start = number / blocks * statesPerLayer
      var ownQueries = queries._mutatingExtracting(0..<block.count * heads.queryWidth)
      var ownKeyValues = keyValues._mutatingExtracting(0..<block.count * heads.keyValueWidth)
      workspaces.with { space in
        multiplyNormed(
          states.span.extracting(
            start + block.lowerBound * hidden..<start + block.upperBound * hidden),
          layer.attentionNorm, layer.queryKeyValue, &space)
        times.measure(.elementwise) {
          let bias =
            normalizeHeads(layer, block.count, &space) ? [] : layer.queryKeyValue.bias
          splitHeads(
            space.product.span.extracting(0..<block.count * heads.projectedWidth),
            bias: bias.span, heads: heads, positions: rows.positions.span.extracting(block),
            rotary: rotary, queryScale: Float(layer.options.attentionScale),
            queries: &ownQueries, keyValues: &ownKeyValues)
        }
      }
    }
  }

  /// Adds the layers' attention and MLP to all rows of `states` [rows, hidden].
  ///
  /// `keyValues` of a single layer is a table with any rows; else as ``project(_:_:_:rotary:queries:keyValues:)``.
  /// - Returns: For each layer whether all states are finite.
  func finish(
    _ states: inout [Float], _ rows: ForwardRows, _ layers: [DecoderLayer?], queries: [Float],
    keyValues: [Float]
  ) throws -> [Bool] {
    let blocks = blockCount(rows.count)
    let rowsPerLayer = blocks * height
    @Sendable func part(_ owner: Int, of count: Int, width: Int) -> Range<Int> {
      guard layers.count > 1 else { return 0..<count }
      return owner * rowsPerLayer * width..<(owner + 1) * rowsPerLayer * width
    }
    let isFinite = Mutex([Bool](repeating: true, count: layers.count))
    try pool.forEachTile(of: &states, tile: height * hidden) { offset, states in
      let number = offset / (height * hidden)
      let owner = number / blocks
      guard let layer = layers[owner] else { return }
      let block = block(number % blocks, of: rows)
      var own = states._mutatingExtracting(0..<block.count * hidden)
      workspaces.with { space in
        // The MLP of a parallel layer reads the states before the attention adds to them.
        if configuration.isParallel { gateBlock(own.span, layer, &space) }
        times.measure(.attention) {
          attendBlock(
            block, rows, layer,
            queries.span.extracting(part(owner, of: queries.count, width: heads.queryWidth)),
            keyValues.span.extracting(part(owner, of: keyValues.count, width: heads.keyValueWidth)),
            &space)
        }
        var finite = add(layer.output, layer.attentionOutputNorm, to: &own, &space)
        if !configuration.isParallel { gateBlock(own.span, layer, &space) }
        finite = add(layer.down, layer.mlpOutputNorm, to: &own, &space, gated: true) && finite
        if !finite { isFinite.withLock { $0[owner] = false } }
      }
    }
    return isFinite.withLock { $0 }
  }

  private func block(_ index: Int, of rows: ForwardRows) -> Range<Int> {
    index * height..<min(rows.count, (index + 1) * height)
  }

  // MARK: Steps of a block

  /// Leaves norm(states) · matrix in space.product.
  private func multiplyNormed(
    _ states: Span<Float>, _ norm: RowNorm?, _ matrix: BiasedMatrix, _ space: inout Workspace
  ) {
    normalize(states, norm, &space)
    multiply(space.input, matrix.matrix, space.gemm, into: &space.product)
  }

  /// Adds the bias to the projected rows and normalizes their queries and keys, where the layer asks for it.
  ///
  /// - Returns: Whether the bias has been added.
  private func normalizeHeads(
    _ layer: DecoderLayer, _ count: Int, _ space: inout Workspace
  ) -> Bool {
    guard let queryNorm = layer.queryNorm, let keyNorm = layer.keyNorm else { return false }
    let width = heads.projectedWidth
    let bias = layer.queryKeyValue.bias
    var product = space.product.mutableSpan
    var rows = product._mutatingExtracting(0..<count * width)
    let keys = queryNorm.weights.count
    let values = keys + keyNorm.weights.count
    queryNorm.apply(to: &rows, stride: width, adding: bias.span)
    keyNorm.apply(to: &rows, stride: width, offset: keys, adding: bias.span)
    if !bias.isEmpty {
      for row in 0..<count {
        for index in values..<width { rows[row * width + index] += bias[index] }
      }
    }
    return true
  }

  /// space.input = norm(states), with zeros up to the block's height.
  private func normalize(_ states: Span<Float>, _ norm: RowNorm?, _ space: inout Workspace) {
    Workspace.reserve(&space.input, height * max(hidden, heads.outputWidth))
    var input = space.input.mutableSpan
    var rows = input._mutatingExtracting(0..<states.count)
    times.measure(.elementwise) {
      if let norm {
        norm.apply(states, into: &rows)
      } else {
        copy(states, into: &rows)
      }
    }
    clear(&space.input, states.count..<height * hidden)
  }

  /// space.input = attention of the rows over what they see.
  private func attendBlock(
    _ block: Range<Int>, _ rows: ForwardRows, _ layer: DecoderLayer, _ queries: Span<Float>,
    _ keyValues: Span<Float>, _ space: inout Workspace
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
    _ layer: DecoderLayer, _ queries: Span<Float>, _ keyValues: Span<Float>,
    scratch: inout [Float],
    into input: inout [Float]
  ) {
    let width = heads.outputWidth
    let start = (run.lowerBound - block.lowerBound) * width
    var span = input.mutableSpan
    var out = span._mutatingExtracting(start..<start + run.count * width)
    attend(
      queries.extracting(run.lowerBound * heads.queryWidth..<run.upperBound * heads.queryWidth),
      heads: heads, keyValues: keyValues, prefix: rows.ranges.span.extracting(segment.prefix),
      last: segment.last(row: run.lowerBound), window: layer.options.window,
      cap: configuration.attentionCap.map(Float.init), scratch: &scratch, into: &out)
  }

  /// space.gated = activation(gate) · up of the normed states, or activation(up).
  private func gateBlock(_ states: Span<Float>, _ layer: DecoderLayer, _ space: inout Workspace) {
    let width = configuration.intermediateSize
    let count = states.count / hidden
    normalize(states, layer.mlpNorm, &space)
    multiply(space.input, layer.gateUp.matrix, space.gemm, into: &space.product)
    Workspace.reserve(&space.gated, height * width)
    times.measure(.elementwise) {
      gateRows(space.product, count, layer, into: &space.gated)
    }
    clear(&space.gated, count * width..<height * width)
  }

  private func gateRows(
    _ product: [Float], _ count: Int, _ layer: DecoderLayer, into gated: inout [Float]
  ) {
    let width = configuration.intermediateSize
    var span = gated.mutableSpan
    var rows = span._mutatingExtracting(0..<count * width)
    let activation = GateActivation(configuration.activation)
    if configuration.hasGate {
      gate(
        product.span.extracting(0..<count * 2 * width), bias: layer.gateUp.bias.span,
        activation: activation, width: width, into: &rows)
    } else {
      activate(
        product.span.extracting(0..<count * width), bias: layer.gateUp.bias.span,
        activation: activation, width: width, into: &rows)
    }
  }

  /// Adds the product of the block's input, or of its gated values, to the states, after a norm if there is one.
  private func add(
    _ matrix: BiasedMatrix, _ norm: RowNorm?, to states: inout MutableSpan<Float>,
    _ space: inout Workspace, gated: Bool = false
  ) -> Bool {
    multiply(gated ? space.gated : space.input, matrix.matrix, space.gemm, into: &space.product)
    let began = WorkTimes.now()
    defer { times.add(WorkTimes.now() - began, to: .elementwise) }
    if let norm {
      var product = space.product.mutableSpan
      var rows = product._mutatingExtracting(0..<states.count)
      norm.apply(to: &rows, stride: hidden, adding: matrix.bias.span)
    }
    let bias = norm == nil ? matrix.bias : []
    return addRows(
      space.product.span.extracting(0..<states.count), bias: bias.span,
      scale: Float(configuration.residualScale), width: hidden, to: &states)
  }

  /// product = the first `height` rows times the matrix.
  func multiply(
    _ rows: [Float], _ matrix: PackedMatrix, _ scratch: GemmScratch, into product: inout [Float],
    phase: WorkTimes.Phase = .products
  ) {
    Workspace.reserve(&product, height * matrix.outputs)
    var whole = product.mutableSpan
    var out = whole._mutatingExtracting(0..<height * matrix.outputs)
    let began = WorkTimes.now()
    gemm.multiply(
      rows.span.extracting(0..<height * matrix.inputs), matrix, scratch: scratch, into: &out)
    times.add(WorkTimes.now() - began, to: phase)
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
