import Glibc
import Synchronization

/// Where the time of scoring goes, summed over all workers, and how much memory it took.
public final class WorkTimes: Sendable {
  public enum Phase: Int, Sendable, CaseIterable {
    /// Reading weights and, of a merge, making them.
    case merge
    /// Bringing weights into the layout of the products.
    case packing
    /// Matrix products of the layers.
    case products
    case attention
    /// Norms, rotations, activations, sums.
    case elementwise
    /// From the last layer to log-probabilities.
    case head
  }

  private let merge = Atomic<Int>(0)
  private let packing = Atomic<Int>(0)
  private let products = Atomic<Int>(0)
  private let attention = Atomic<Int>(0)
  private let elementwise = Atomic<Int>(0)
  private let head = Atomic<Int>(0)
  private let peak = Atomic<Int>(0)

  public init() {}

  /// Nanoseconds since some moment; they never run backwards.
  public static func now() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// Adds nanoseconds to a phase.
  public func add(_ nanoseconds: Int, to phase: Phase) {
    switch phase {
    case .merge: merge.wrappingAdd(nanoseconds, ordering: .relaxed)
    case .packing: packing.wrappingAdd(nanoseconds, ordering: .relaxed)
    case .products: products.wrappingAdd(nanoseconds, ordering: .relaxed)
    case .attention: attention.wrappingAdd(nanoseconds, ordering: .relaxed)
    case .elementwise: elementwise.wrappingAdd(nanoseconds, ordering: .relaxed)
    case .head: head.wrappingAdd(nanoseconds, ordering: .relaxed)
    }
  }

  /// Runs `body` and adds the time that it takes to a phase.
  public func measure<R>(_ phase: Phase, _ body: () throws -> R) rethrows -> R {
    let began = Self.now()
    defer { add(Self.now() - began, to: phase) }
    return try body()
  }

  /// Seconds of all workers in a phase so far.
  public func seconds(_ phase: Phase) -> Double {
    let nanoseconds =
      switch phase {
      case .merge: merge.load(ordering: .relaxed)
      case .packing: packing.load(ordering: .relaxed)
      case .products: products.load(ordering: .relaxed)
      case .attention: attention.load(ordering: .relaxed)
      case .elementwise: elementwise.load(ordering: .relaxed)
      case .head: head.load(ordering: .relaxed)
      }
    return Double(nanoseconds) * 1e-9
  }

  /// The most anonymous memory that was seen, in bytes.
  public var peakAnonymousBytes: Int { peak.load(ordering: .relaxed) }

  /// Looks at how much anonymous memory the process has.
  public func noteMemory() {
    if let bytes = ProcessMemory.anonymousBytes { _ = peak.max(bytes, ordering: .relaxed) }
  }
}
