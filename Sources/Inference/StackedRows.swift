import Architectures
import Checkpoints
import Kernels
import Tensors

/// Where the rows of a matrix come from: parts of stored projections, one after the other.
struct StackedRows: Sendable {
  struct Part: Sendable {
    let projection: Projection
    let name: TensorName
    /// The first row of the stored projection.
    let first: Int
    /// Where the rows go.
    let outputs: Range<Int>
  }

  private(set) var parts: [Part] = []
  private(set) var outputs = 0
  let inputs: Int

  init(inputs: Int) { self.inputs = inputs }

  mutating func append(_ projection: Projection, _ name: TensorName, rows: Range<Int>) {
    parts.append(
      Part(
        projection: projection, name: name, first: rows.lowerBound,
        outputs: outputs..<outputs + rows.count))
    outputs += rows.count
  }

  /// Some ranges of the rows, one after the other.
  func selecting(_ ranges: [Range<Int>]) -> StackedRows {
    var selected = StackedRows(inputs: inputs)
    for range in ranges {
      for part in parts where part.outputs.overlaps(range) {
        let common = part.outputs.clamped(to: range)
        let first = part.first + common.lowerBound - part.outputs.lowerBound
        selected.append(part.projection, part.name, rows: first..<first + common.count)
      }
    }
    return selected
  }
}

extension Decoder {
  /// The projections among `candidates` that a layer has, queries before keys before values.
  func stacked(_ candidates: [Projection], layer: Int) -> StackedRows {
    let projections = candidates.filter(configuration.projections.contains)
    var rows = StackedRows(inputs: configuration.size(of: projections[0]).in)
    for projection in projections {
      let name = requiredName(.matrix(projection), layer: layer)
      let count = configuration.size(of: projection).out
      guard projection == .queryKeyValue, configuration.queryKeyValueOrder == .perHead else {
        rows.append(projection, name, rows: 0..<count)
        continue
      }
      let size = configuration.headSize
      for part in 0..<3 {
        for head in 0..<configuration.headCount {
          let first = (3 * head + part) * size
          rows.append(projection, name, rows: first..<first + size)
        }
      }
    }
    return rows
  }

  /// One value per row; empty if none of the projections has a bias.
  func bias(of rows: StackedRows, layer: Int, pool: WorkerPool) throws -> [Float] {
    var stored: [Projection: [Float]] = [:]
    for projection in Set(rows.parts.map(\.projection))
    where name(.bias(projection), layer: layer) != nil {
      stored[projection] = try vector(.bias(projection), layer: layer, pool: pool)
    }
    if stored.isEmpty { return [] }
    return rows.parts.flatMap { part in
      stored[part.projection].map { Array($0[part.first..<part.first + part.outputs.count]) }
        ?? [Float](repeating: 0, count: part.outputs.count)
    }
  }

  /// The rows as a matrix [outputs, inputs], which is ready when the jobs have run.
  func matrix(
    _ rows: StackedRows, _ packing: MatrixPacking, pool: WorkerPool, jobs: inout PackingJobs
  ) throws -> PackedMatrix {
    let inputs = rows.inputs
    if configuration.storesTransposed {
      return try transposedMatrix(rows, packing, pool: pool, jobs: &jobs)
    }
    return jobs.add(packing) { [source] slice, target in
      for part in rows.parts where part.outputs.overlaps(slice) {
        let common = part.outputs.clamped(to: slice)
        let first = (part.first + common.lowerBound - part.outputs.lowerBound) * inputs
        let offset = (common.lowerBound - slice.lowerBound) * inputs
        let count = common.count * inputs
        var span = target._mutatingExtracting(offset..<offset + count)
        try source.read(part.name, elements: first..<first + count, into: &span)
      }
    }
  }

  /// The same from one tensor stored as [inputs, outputs], which is read as a whole: a merge reads long ranges
  /// faster than columns.
  private func transposedMatrix(
    _ rows: StackedRows, _ packing: MatrixPacking, pool: WorkerPool, jobs: inout PackingJobs
  ) throws -> PackedMatrix {
    precondition(rows.parts.count == 1, "transposed matrices are stacked in one tensor")
    let name = rows.parts[0].name
    let (inputs, outputs) = (rows.inputs, rows.outputs)
    var stored = [Float](repeating: 0, count: inputs * outputs)
    try pool.forEachTile(of: &stored, tile: 1 << 16) { [source] offset, tile in
      try source.read(name, elements: offset..<offset + tile.count, into: &tile)
    }
    return jobs.add(packing) { [stored] slice, target in
      for input in 0..<inputs {
        for output in slice {
          target[(output - slice.lowerBound) * inputs + input] = stored[input * outputs + output]
        }
      }
    }
  }
}
