/// The only threads of the program: a fixed number of workers that share indexed pieces of work.
public final class WorkerPool: Sendable {
  public let threads: Int

  public init(threads: Int) { self.threads = max(1, threads) }

  /// Runs `body` for every index in `0..<count`, in any order.
  public func forEach(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    for index in 0..<count { try body(index) }
  }
}
