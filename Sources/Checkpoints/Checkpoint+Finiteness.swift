import Diagnostics
public import Kernels
public import Tensors

extension Checkpoint {
  /// A tensor with values that are NaN or infinite.
  public struct NonFinite: Hashable, Sendable {
    public let name: TensorName
    /// Number of such values; at least 1.
    public let count: Int
  }

  /// Scans the values of floating-point tensors for NaN and infinities.
  ///
  /// - Parameters:
  ///   - names: Tensors to scan; others than F16, BF16, F32 and F64 are passed over.
  ///   - pool: Who scans.
  /// - Returns: The tensors that have such values, in the order of `names`.
  /// - Throws: ``Diagnostic`` if a tensor is missing or its file has shrunk; `CancellationError`.
  public func nonFinite(in names: [TensorName], on pool: WorkerPool) throws -> [NonFinite] {
    var tiles: [(tensor: Int, name: TensorName, dtype: DType, elements: Range<Int>)] = []
    for (position, name) in names.enumerated() {
      guard let description = description(of: name), description.dtype.isMergeable else { continue }
      for elements in Self.tiles(description.shape.elementCount) {
        tiles.append((position, name, description.dtype, elements))
      }
    }
    var counts = [Int](repeating: 0, count: names.count)
    for first in stride(from: 0, to: tiles.count, by: Self.tilesPerBatch) {
      try Task.checkCancellation()
      let batch = Array(tiles[first..<min(tiles.count, first + Self.tilesPerBatch)])
      let found = try pool.map(batch.count) { index in
        let tile = batch[index]
        return try self.withBytes(of: tile.name, elements: tile.elements) {
          countNonFinite($0, tile.dtype)
        }
      }
      for (tile, count) in zip(batch, found) {
        counts[tile.tensor] += count
        // A model larger than memory passes by without filling it.
        stored(tile.name)?.evict(tile.elements)
      }
    }
    return zip(names, counts).compactMap { $1 > 0 ? NonFinite(name: $0, count: $1) : nil }
  }

  /// - Throws: ``Diagnostic`` that names the first of the tensors with NaN or infinite values, and
  ///   how many there are.
  public func checkFinite(_ names: [TensorName], on pool: WorkerPool) throws {
    let found = try nonFinite(in: names, on: pool)
    guard let first = found.first else { return }
    let values = first.count == 1 ? "1 value" : "\(first.count) values"
    let others =
      switch found.count {
      case 1: ""
      case 2: "; so has \(quoted(found[1].name))"
      default: "; so have \(found.count - 1) other tensors, such as \(quoted(found[1].name))"
      }
    throw Diagnostic(
      "has \(values) that are NaN or infinite\(others)",
      at: "\(file(of: first.name) ?? path): tensor \(quoted(first.name))",
      fix: "download the checkpoint again, or leave it out: every merge with it would be broken")
  }

  private static let tilesPerBatch = 64

  private static func tiles(_ count: Int) -> [Range<Int>] {
    let size = 1 << 20
    return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
  }
}
