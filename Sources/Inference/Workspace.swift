import Kernels
import Synchronization

/// Scratch space of one worker for one block of rows; arrays grow to the largest size asked for.
struct Workspace: Sendable {
  /// Normalized rows, then attention results: [height, inputs].
  var input: GemmRows
  /// Results of products: [height, outputs].
  var product: [Float] = []
  /// The gated MLP's inner values: [height, intermediate].
  var gated: GemmRows
  var attention: [Float] = []
  let gemm = GemmScratch()

  init(_ precision: GemmPrecision) {
    input = GemmRows(precision)
    gated = GemmRows(precision)
  }

  /// Makes room for `count` values.
  static func reserve(_ array: inout [Float], _ count: Int) {
    if array.count < count { array = [Float](repeating: 0, count: count) }
  }
}

/// Workspaces that are free, so that a block finds warm memory instead of asking the system.
final class WorkspacePool: Sendable {
  private let precision: GemmPrecision
  private let free = Mutex<[Workspace]>([])

  /// For products in this precision.
  init(_ precision: GemmPrecision) { self.precision = precision }

  func with<R>(_ body: (inout Workspace) throws -> R) rethrows -> R {
    var workspace = free.withLock { $0.popLast() } ?? Workspace(precision)
    defer { free.withLock { $0.append(workspace) } }
    return try body(&workspace)
  }
}
