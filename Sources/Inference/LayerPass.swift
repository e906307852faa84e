import Architectures
import Kernels
import Synchronization

/// Runs blocks of rows through one layer on all workers.
struct LayerPass: Sendable {
  let configuration: ModelConfiguration
  let heads: HeadSizes
  let gemm: Gemm
  let pool: WorkerPool
  let workspaces: WorkspacePool
  let times: WorkTimes

  private var hidden: Int { configuration.hiddenSize }

  /// The blocks of each of some layers on the same rows.
  private struct LayerBlocks: Sendable {
    let rowCount: Int
    let ofLayer: [RowBlock]
    let layers: Int

    var count: Int { layers * ofLayer.count }

    /// The layer of a block.
    func layer(_ number: Int) -> Int { number / ofLayer.count }

    subscript(number: Int) -> RowBlock { ofLayer[number % ofLayer.count] }

    /// Where the rows of all blocks lie in an array that has `width` values for every row of every layer.
    func parts(width: Int) -> [Range<Int>] {
      (0..<count).map { number in
        let start = layer(number) * rowCount
        let rows = self[number].rows
        return (start + rows.lowerBound) * width..<(start + rows.upperBound) * width
      }
    }
  }

  private func blocks(of rows: ForwardRows, layers: Int) -> LayerBlocks {
    // The last blocks of one layer are few among those of all.
    let workers = layers == 1 ? pool.threads : 0
    return LayerBlocks(
      rowCount: rows.count,
      ofLayer: RowBlock.cut(rows.count, heights: gemm.heights, workers: workers),
      layers: layers)
  }

  /// Queries, and keys and values, of all rows: `queries` [rows, queryWidth], `keyValues` [rows, keyValueWidth].
  ///
  /// Several layers are those of as many decoders on the same rows: then states, queries, keys and values
  /// hold one part for each. Nothing is computed where a layer is nil. Rows of `queries` and `keyValues`
  /// beyond those stay as they are.
  func project(
    _ states: [Float], _ rows: ForwardRows, _ layers: [DecoderLayer?], rotary: RotaryTable?,
    queries: inout [Float], keyValues: inout [Float]
  ) throws {
    let blocks = blocks(of: rows, layers: layers.count)
    let stateParts = blocks.parts(width: hidden)
    try pool.forEachPart(
      of: &queries, blocks.parts(width: heads.queryWidth),
      and: &keyValues, blocks.parts(width: heads.keyValueWidth)
    ) { number, queries, keyValues in
      guard let layer = layers[blocks.layer(number)] else { return }
      let block = blocks[number]
      workspaces.with { space in
        normalize(
          states.span.extracting(stateParts[number]), layer.attentionNorm, block.height,
          into: &space.input)
        multiply(
          space.input, layer.queryKeyValue.matrix, block.height, space.gemm, into: &space.product)
        times.measure(.elementwise) {
          let bias =
            normalizeHeads(layer, block.rows.count, &space) ? [] : layer.queryKeyValue.bias
          splitHeads(
            space.product.span.extracting(0..<block.rows.count * heads.projectedWidth),
            bias: bias.span, heads: heads, positions: rows.positions.span.extracting(block.rows),
            rotary: rotary, queryScale: Float(layer.options.attentionScale),
            queries: &queries, keyValues: &keyValues)
        }
      }
    }
  }

  /// Leaves the states and queries of some rows alone, for each of some layers on the same rows.
  ///
  /// - Precondition: `wanted` ascends.
  /// - Returns: These rows, as ``finish(_:_:_:queries:keyValues:keyRows:)`` takes them.
  func select(
    _ wanted: [Int], of rows: ForwardRows, layers: Int, states: inout [Float],
    queries: inout [Float]
  ) -> ForwardRows {
    for layer in 0..<layers {
      let (start, target) = (layer * rows.count, layer * wanted.count)
      moveRows(wanted, width: hidden, from: start * hidden, to: target * hidden, in: &states)
      let width = heads.queryWidth
      moveRows(wanted, width: width, from: start * width, to: target * width, in: &queries)
    }
    return rows.selecting(wanted)
  }

  /// Adds the layers' attention and MLP to all rows of `states` [rows, hidden].
  ///
  /// `keyValues` is one table for each layer, with `keyRows` rows each, which may be others than `rows`; else as
  /// ``project(_:_:_:rotary:queries:keyValues:)``.
  /// - Returns: For each layer whether all states are finite.
  func finish(
    _ states: inout [Float], _ rows: ForwardRows, _ layers: [DecoderLayer?], queries: [Float],
    keyValues: [Float], keyRows: Int
  ) throws -> [Bool] {
    let blocks = blocks(of: rows, layers: layers.count)
    @Sendable func part(_ owner: Int, rows: Int, width: Int) -> Range<Int> {
      owner * rows * width..<(owner + 1) * rows * width
    }
    let isFinite = Mutex([Bool](repeating: true, count: layers.count))
    try pool.forEachPart(of: &states, blocks.parts(width: hidden)) { number, own in
      let owner = blocks.layer(number)
      guard let layer = layers[owner] else { return }
      let block = blocks[number]
      workspaces.with { space in
        // The MLP of a parallel layer reads the states before the attention adds to them.
        if configuration.isParallel { gateBlock(own.span, layer, block.height, &space) }
        times.measure(.attention) {
          attendBlock(
            block, rows, layer,
            queries.span.extracting(part(owner, rows: rows.count, width: heads.queryWidth)),
            keyValues.span.extracting(part(owner, rows: keyRows, width: heads.keyValueWidth)),
            scratch: &space.attention, into: &space.input)
        }
        var finite = addAttention(of: layer, to: &own, block.height, &space)
        if !configuration.isParallel { gateBlock(own.span, layer, block.height, &space) }
        finite = addGated(of: layer, to: &own, block.height, &space) && finite
        if !finite { isFinite.withLock { $0[owner] = false } }
      }
    }
    return isFinite.withLock { $0 }
  }

  // MARK: Steps of a block

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

  /// input = norm(states), with zeros up to the block's height.
  private func normalize(
    _ states: Span<Float>, _ norm: RowNorm?, _ height: Int, into input: inout GemmRows
  ) {
    times.measure(.elementwise) {
      input.fill(states.count, of: height * hidden) { rows in
        if let norm {
          norm.apply(states, into: &rows)
        } else {
          copy(states, into: &rows)
        }
      }
    }
  }

  /// input = attention of the rows over what they see, with zeros up to the block's height.
  private func attendBlock(
    _ block: RowBlock, _ rows: ForwardRows, _ layer: DecoderLayer, _ queries: Span<Float>,
    _ keyValues: Span<Float>, scratch: inout [Float], into input: inout GemmRows
  ) {
    let width = heads.outputWidth
    input.fill(block.rows.count * width, of: block.height * width) { out in
      rows.forEachSegment(in: block.rows) { segment, run in
        let first = run.lowerBound - block.rows.lowerBound
        var own = out._mutatingExtracting(first * width..<(first + run.count) * width)
        attend(
          queries.extracting(run.lowerBound * heads.queryWidth..<run.upperBound * heads.queryWidth),
          heads: heads, keyValues: keyValues, prefix: rows.ranges.span.extracting(segment.prefix),
          last: segment.last(row: run.lowerBound), window: layer.options.window,
          cap: configuration.attentionCap.map(Float.init), precision: gemm.precision,
          scratch: &scratch, into: &own)
      }
    }
  }

  /// space.gated = activation(gate) · up of the normed states, or activation(up).
  private func gateBlock(
    _ states: Span<Float>, _ layer: DecoderLayer, _ height: Int, _ space: inout Workspace
  ) {
    let width = configuration.intermediateSize
    let count = states.count / hidden
    normalize(states, layer.mlpNorm, height, into: &space.input)
    space.gated.reserve(height * width)
    for panel in layer.gateUp {
      multiply(space.input, panel.rows.matrix, height, space.gemm, into: &space.product)
      times.measure(.elementwise) { gateRows(space.product, count, panel, into: &space.gated) }
    }
    space.gated.clear(count * width..<height * width)
  }

  /// Puts the panel's columns of the gated rows.
  private func gateRows(
    _ product: [Float], _ count: Int, _ panel: GatePanel, into gated: inout GemmRows
  ) {
    gated.gate(
      product.span.extracting(0..<count * panel.rows.matrix.outputs), bias: panel.rows.bias.span,
      activation: GateActivation(configuration.activation), hasGate: configuration.hasGate,
      width: panel.columns.count, stride: configuration.intermediateSize,
      offset: panel.columns.lowerBound)
  }

  /// Adds the product of the block's input to the states, after a norm if there is one.
  private func addAttention(
    of layer: DecoderLayer, to states: inout MutableSpan<Float>, _ height: Int,
    _ space: inout Workspace
  ) -> Bool {
    multiply(space.input, layer.output.matrix, height, space.gemm, into: &space.product)
    return add(layer.output.bias, layer.attentionOutputNorm, to: &states, &space)
  }

  /// Adds the product of the block's gated values to the states, after a norm if there is one.
  private func addGated(
    of layer: DecoderLayer, to states: inout MutableSpan<Float>, _ height: Int,
    _ space: inout Workspace
  ) -> Bool {
    multiply(space.gated, layer.down.matrix, height, space.gemm, into: &space.product)
    return add(layer.down.bias, layer.mlpOutputNorm, to: &states, &space)
  }

  /// Adds the products to the states, with a bias, after a norm if there is one.
  private func add(
    _ bias: [Float], _ norm: RowNorm?, to states: inout MutableSpan<Float>,
    _ space: inout Workspace
  ) -> Bool {
    let began = WorkTimes.now()
    defer { times.add(WorkTimes.now() - began, to: .elementwise) }
    if let norm {
      var product = space.product.mutableSpan
      var rows = product._mutatingExtracting(0..<states.count)
      norm.apply(to: &rows, stride: hidden, adding: bias.span)
    }
    let bias = norm == nil ? bias : []
    return addRows(
      space.product.span.extracting(0..<states.count), bias: bias.span,
      scale: Float(configuration.residualScale), width: hidden, to: &states)
  }

  /// product = the first `height` rows times the matrix.
  func multiply(
    _ rows: GemmRows, _ matrix: PackedMatrix, _ height: Int, _ scratch: GemmScratch,
    into product: inout [Float], phase: WorkTimes.Phase = .products
  ) {
    Workspace.reserve(&product, height * matrix.outputs)
    var whole = product.mutableSpan
    var out = whole._mutatingExtracting(0..<height * matrix.outputs)
    let began = WorkTimes.now()
    gemm.multiply(rows, height: height, matrix, scratch: scratch, into: &out)
    times.add(WorkTimes.now() - began, to: phase)
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
