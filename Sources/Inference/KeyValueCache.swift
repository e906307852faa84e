import Architectures
import Kernels

/// Keys and values of the sequences being generated: one table per layer, `capacity` rows per place.
struct KeyValueCache {
  /// Per layer [places · capacity, width].
  private(set) var tables: [[Float]]
  private let capacity: Int
  private let width: Int
  private var rotaries: [RotaryEmbedding: RotaryTable] = [:]

  /// `places` sequences at a time, the longest of `capacity` tokens; a row has `width` values.
  init(layers: Int, places: Int, capacity: Int, width: Int) {
    self.capacity = capacity
    self.width = width
    tables = [[Float]](
      repeating: [Float](repeating: 0, count: places * capacity * width), count: layers)
  }

  func start(of place: Int) -> Int { place * capacity }

  /// Copies new rows behind those that their sequences have.
  mutating func store(_ keyValues: [Float], of rows: ForwardRows, layer: Int) {
    for segment in rows.segments {
      let from = segment.rows.lowerBound * width
      let to = (segment.keyStart + segment.keysBefore) * width
      for index in 0..<segment.rows.count * width {
        tables[layer][to + index] = keyValues[from + index]
      }
    }
  }

  /// Angles of all positions that a sequence may have.
  mutating func rotary(_ embedding: RotaryEmbedding) -> RotaryTable {
    if let table = rotaries[embedding] { return table }
    let table = RotaryTable(frequencies: embedding.frequencies, positions: capacity)
    rotaries[embedding] = table
    return table
  }
}
