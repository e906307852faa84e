import Kernels
import MergeMethods
import Synchronization
import Tensors

/// What the input tensors of a search's merges have been asked, for all candidates.
///
/// Holds at most a given number of bytes; what was used longest ago goes first, but for values that are
/// meant to stay. Safe to share between threads. A value is the same whether it was remembered or gathered
/// anew.
public final class StatisticsCache: Sendable {
  /// Bytes that may be held.
  public let limit: Int
  /// Bytes that values may take which stay.
  private let retainedLimit: Int
  private let state = Mutex(State())

  private struct State {
    var entries: [Key: Entry] = [:]
    var bytes = 0
    /// Of the entries that stay.
    var retainedBytes = 0
    var clock = 0
  }

  private struct Entry {
    let value: any Sendable
    let bytes: Int
    let isRetained: Bool
    var lastUse: Int
  }

  /// About what a key and its place in the table take.
  private static let keyBytes = 256

  /// For all candidates of a search.
  public convenience init(limit: Int = 256 << 20) {
    self.init(limit: limit, retainedLimit: limit / 2)
  }

  /// For one recipe, for which values that serve many would be gathered in vain.
  public static func forOneMerge() -> StatisticsCache {
    StatisticsCache(limit: 256 << 20, retainedLimit: 0)
  }

  private init(limit: Int, retainedLimit: Int) {
    self.limit = limit
    self.retainedLimit = retainedLimit
  }

  /// Bytes held at present.
  public var byteCount: Int { state.withLock { $0.bytes } }

  func value<R: Reduction>(of reduction: R, for key: Key) -> R.Value? {
    state.withLock { state in
      guard let entry = state.entries[key] else { return nil }
      state.clock += 1
      state.entries[key]?.lastUse = state.clock
      return entry.value as? R.Value
    }
  }

  func store<R: Reduction>(_ value: R.Value, of reduction: R, for key: Key) {
    let bytes = R.byteCount(of: value) + Self.keyBytes
    guard bytes <= limit else { return }
    state.withLock { state in
      if R.isRetained {
        guard state.entries[key] == nil, hasRoom(toRetain: bytes, state) else { return }
        state.retainedBytes += bytes
      }
      state.clock += 1
      let old = state.entries.updateValue(
        Entry(value: value, bytes: bytes, isRetained: R.isRetained, lastUse: state.clock),
        forKey: key)
      state.bytes += bytes - (old?.bytes ?? 0)
      if state.bytes > limit { Self.evict(from: &state, downTo: limit - limit / 4) }
    }
  }

  /// Whether a value that stays is held already, or could be if it took so many bytes.
  func retains(_ key: Key, bytes: Int) -> Bool {
    state.withLock { $0.entries[key] != nil || hasRoom(toRetain: bytes, $0) }
  }

  private func hasRoom(toRetain bytes: Int, _ state: borrowing State) -> Bool {
    state.retainedBytes + bytes <= retainedLimit
  }

  private static func evict(from state: inout State, downTo target: Int) {
    for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      guard state.bytes > target else { return }
      if entry.isRetained { continue }
      state.entries[key] = nil
      state.bytes -= entry.bytes
    }
  }
}

extension StatisticsCache {
  /// A reduction and the tensors that it was applied to.
  struct Key: Hashable, Sendable {
    let reduction: any Reduction
    let operands: [InputIdentity]
    let elements: Range<Int>?

    static func == (left: Key, right: Key) -> Bool {
      left.operands == right.operands && left.elements == right.elements
        && equal(left.reduction, right.reduction)
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(ObjectIdentifier(type(of: reduction)))
      reduction.hash(into: &hasher)
      hasher.combine(operands)
    }

    private static func equal<R: Reduction>(_ left: R, _ right: any Reduction) -> Bool {
      left == right as? R
    }
  }
}

/// Says that two inputs hold the same numbers.
struct InputIdentity: Hashable, Sendable {
  /// Number of the model in its library.
  let model: Int
  let tensor: TensorName
  /// The dtype to which it is cast; nil if none.
  let cast: DType?
}

/// Answers from the cache what it knows, and asks the inputs for the rest.
struct CachedSurvey: TensorSurvey {
  let inputs: TensorInputs
  let pool: WorkerPool
  let cache: StatisticsCache

  var elementCount: Int { inputs.elementCount }

  func measure<R: Reduction>(_ measurements: [Measurement<R>]) throws -> [R.Value] {
    let keys = measurements.map(key)
    var values: [R.Value?] = zip(measurements, keys).map { measurement, key in
      key.flatMap { cache.value(of: measurement.reduction, for: $0) }
    }
    let missing = values.indices.filter { values[$0] == nil }
    guard !missing.isEmpty else { return values.compactMap { $0 } }
    for operand in Set(missing.flatMap { measurements[$0].operands }) {
      try inputs.inputs[operand].prepare(on: pool)
    }
    let found = try TensorScan(inputs, on: pool).measure(missing.map { measurements[$0] })
    for (index, value) in zip(missing, found) {
      values[index] = value
      if let key = keys[index] { cache.store(value, of: measurements[index].reduction, for: key) }
    }
    return values.compactMap { $0 }
  }

  func retains<R: Reduction>(_ measurement: Measurement<R>, byteCount: Int) -> Bool {
    key(measurement).map { cache.retains($0, bytes: byteCount) } ?? false
  }

  private func key<R: Reduction>(_ measurement: Measurement<R>) -> StatisticsCache.Key? {
    var identities: [InputIdentity] = []
    for operand in measurement.operands {
      guard let identity = inputs.inputs[operand].identity else { return nil }
      identities.append(identity)
    }
    return StatisticsCache.Key(
      reduction: measurement.reduction, operands: identities, elements: measurement.elements)
  }
}
