import Diagnostics
import Kernels
import Synchronization

/// Matrices of one source that wait for their weights.
struct PackingJobs: Sendable {
  /// Writes the rows `outputs` of a matrix, row-major.
  typealias Fill =
    @Sendable (_ outputs: Range<Int>, _ rows: inout MutableSpan<Float>) throws -> Void

  private struct Slice {
    let packing: MatrixPacking
    let index: Int
    let fill: Fill
  }

  private var slices: [Slice] = []

  /// Announces a matrix, which is ready when the jobs have run.
  mutating func add(
    outputs: Int, inputs: Int, gemm: Gemm, fill: @escaping Fill
  ) -> PackedMatrix {
    add(gemm.packing(outputs: outputs, inputs: inputs), fill: fill)
  }

  /// Announces a matrix that has its memory.
  mutating func add(_ packing: MatrixPacking, fill: @escaping Fill) -> PackedMatrix {
    for index in 0..<packing.sliceCount {
      slices.append(Slice(packing: packing, index: index, fill: fill))
    }
    return packing.matrix
  }

  /// Packs the matrices of several sources, all workers on all of them.
  ///
  /// - Returns: For each source why it failed, if it did.
  /// - Throws: What is no ``Diagnostic``.
  static func run(
    _ jobs: [PackingJobs], on pool: WorkerPool, times: WorkTimes
  ) throws -> [Diagnostic?] {
    let owned = jobs.enumerated().flatMap { owner, jobs in jobs.slices.map { (owner, $0) } }
    // The lowest slice of a source that fails tells why, whoever is first.
    let failures = Mutex<[Int: (slice: Int, problem: Diagnostic)]>([:])
    try pool.forEach(owned.count) { position in
      let (owner, slice) = owned[position]
      if let known = failures.withLock({ $0[owner] }), known.slice < position { return }
      do {
        try slice.packing.pack(slice: slice.index, times: times, fill: slice.fill)
      } catch let problem as Diagnostic {
        failures.withLock { failures in
          if failures[owner].map({ position < $0.slice }) ?? true {
            failures[owner] = (position, problem)
          }
        }
      }
    }
    let found = failures.withLock { $0 }
    return jobs.indices.map { found[$0]?.problem }
  }

  /// Packs the matrices of one source.
  ///
  /// - Throws: Why it failed.
  func run(on pool: WorkerPool, times: WorkTimes) throws {
    if let problem = try Self.run([self], on: pool, times: times)[0] { throw problem }
  }
}
