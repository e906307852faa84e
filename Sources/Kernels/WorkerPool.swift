import CKernels
import Glibc
import Synchronization

/// The only threads of the program: a fixed number of workers that share indexed pieces of work.
///
/// Work is addressed by index and lands where its index says, so no result depends on the number of
/// workers or on which of them was faster. The calling thread is one of the workers.
public final class WorkerPool: Sendable {
  /// Workers that run pieces of work at the same time, the caller included.
  public let threads: Int
  private let crew: Crew

  /// Processors that this process may run on.
  public static var processorCount: Int { Int(ck_processor_count()) }

  public init(threads: Int) {
    self.threads = max(1, threads)
    crew = Crew()
    for _ in 1..<self.threads { crew.hire() }
  }

  deinit { crew.dismiss() }

  /// Runs `body` for every index in `0..<count`, in any order and on all workers.
  ///
  /// Called from inside a piece of work, it runs on the calling worker alone, in order.
  /// - Throws: The error of the lowest index that failed; higher indices may then not have run.
  public func forEach(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    if count <= 1 || threads == 1 || Worker.isWorking {
      for index in 0..<max(0, count) { try body(index) }
      return
    }
    try withoutActuallyEscaping(body) { body in
      let job = Job(count: count, body: body)
      crew.offer(job)
      job.run()
      crew.finish(job)
      try job.close()
    }
  }

  /// The results of `body` for `0..<count`, in order of the index.
  ///
  /// - Throws: The error of the lowest index that failed.
  public func map<T: Sendable>(_ count: Int, _ body: @Sendable (Int) throws -> T) throws -> [T] {
    let results = Mutex([T?](repeating: nil, count: max(0, count)))
    try forEach(count) { index in
      let result = try body(index)
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap { $0 } }
  }

  /// So many zeros, written by all workers: of new memory the first touch is most of the cost.
  public func zeros(_ count: Int) throws -> [Float] {
    let tile = 1 << 16
    return try unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      let shared = unsafe SharedBuffer(
        UnsafeMutableBufferPointer(start: buffer.baseAddress, count: count))
      try forEach((count + tile - 1) / tile) { index in
        unsafe shared.withSpan(index * tile..<min(count, (index + 1) * tile)) { span in
          span.update(repeating: 0)
        }
      }
      initialized = count
    }
  }

  /// Lets the workers overwrite an array in disjoint tiles of `tile` elements; the last may be shorter.
  ///
  /// `body` gets a tile's offset in the array, and the tile.
  /// - Throws: The error of the lowest tile that failed.
  public func forEachTile<E: BitwiseCopyable & Sendable>(
    of output: inout [E], tile: Int,
    _ body: @Sendable (_ offset: Int, _ tile: inout MutableSpan<E>) throws -> Void
  ) throws {
    try forEachTile(of: &output, within: 0..<output.count, tile: tile, body)
  }

  /// Lets the workers overwrite a range of an array in disjoint tiles of `tile` elements; the last may be shorter.
  ///
  /// `body` gets a tile's offset in the range, and the tile.
  /// - Throws: The error of the lowest tile that failed.
  public func forEachTile<E: BitwiseCopyable & Sendable>(
    of output: inout [E], within range: Range<Int>, tile: Int,
    _ body: @Sendable (_ offset: Int, _ tile: inout MutableSpan<E>) throws -> Void
  ) throws {
    precondition(tile > 0, "a tile of \(tile) elements")
    let tiles = (range.count + tile - 1) / tile
    try unsafe output.withUnsafeMutableBufferPointer { buffer in
      let shared = unsafe SharedBuffer(buffer)
      try forEach(tiles) { index in
        let start = range.lowerBound + index * tile
        try unsafe shared.withSpan(start..<min(start + tile, range.upperBound)) { span in
          try body(index * tile, &span)
        }
      }
    }
  }

  /// Lets the workers overwrite parts of an array, which are in order and do not overlap.
  ///
  /// `body` gets a part's number, and the part.
  /// - Throws: The error of the lowest part that failed.
  public func forEachPart<E: BitwiseCopyable & Sendable>(
    of output: inout [E], _ parts: [Range<Int>],
    _ body: @Sendable (_ number: Int, _ part: inout MutableSpan<E>) throws -> Void
  ) throws {
    Self.check(parts, of: output.count)
    try unsafe output.withUnsafeMutableBufferPointer { buffer in
      let shared = unsafe SharedBuffer(buffer)
      try forEach(parts.count) { number in
        try unsafe shared.withSpan(parts[number]) { try body(number, &$0) }
      }
    }
  }

  /// Lets the workers overwrite parts of two arrays, both in as many, which are in order and do not overlap.
  ///
  /// `body` gets the number of a part of each, and the two parts.
  /// - Throws: The error of the lowest part that failed.
  public func forEachPart<E: BitwiseCopyable & Sendable>(
    of first: inout [E], _ firstParts: [Range<Int>], and second: inout [E],
    _ secondParts: [Range<Int>],
    _ body:
      @Sendable (_ number: Int, _ first: inout MutableSpan<E>, _ second: inout MutableSpan<E>)
      throws -> Void
  ) throws {
    precondition(firstParts.count == secondParts.count, "unlike numbers of parts")
    Self.check(firstParts, of: first.count)
    Self.check(secondParts, of: second.count)
    try unsafe first.withUnsafeMutableBufferPointer { firstBuffer in
      try unsafe second.withUnsafeMutableBufferPointer { secondBuffer in
        let (one, two) = unsafe (SharedBuffer(firstBuffer), SharedBuffer(secondBuffer))
        try forEach(firstParts.count) { number in
          try unsafe one.withSpan(firstParts[number]) { first in
            try unsafe two.withSpan(secondParts[number]) { second in
              try body(number, &first, &second)
            }
          }
        }
      }
    }
  }

  /// - Precondition: The parts are in order, do not overlap and lie in an array of so many elements.
  private static func check(_ parts: [Range<Int>], of count: Int) {
    var end = 0
    for part in parts {
      precondition(part.lowerBound >= end && part.upperBound <= count, "\(part) of \(count)")
      end = part.upperBound
    }
  }
}

/// A buffer of which several workers hold disjoint parts.
@safe
struct SharedBuffer<E: BitwiseCopyable>: @unchecked Sendable {
  private let buffer: UnsafeMutableBufferPointer<E>
  let count: Int

  init(_ buffer: UnsafeMutableBufferPointer<E>) {
    unsafe self.buffer = unsafe buffer
    count = buffer.count
  }

  /// - Precondition: Nobody else uses the range meanwhile.
  @unsafe
  func withSpan<R>(_ range: Range<Int>, _ body: (inout MutableSpan<E>) throws -> R) rethrows -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) outside of \(count)")
    var span = unsafe MutableSpan(_unsafeElements: buffer.extracting(range))
    return try body(&span)
  }
}

/// One call of `forEach`: its indices are claimed in increasing order, each by one worker.
private final class Job: Sendable {
  let count: Int
  private let next = Atomic<Int>(0)
  private let state: Mutex<State>

  private struct State {
    var body: (@Sendable (Int) throws -> Void)?
    var failure: (index: Int, error: any Error)?
  }

  init(count: Int, body: @escaping @Sendable (Int) throws -> Void) {
    self.count = count
    state = Mutex(State(body: body))
  }

  var hasUnclaimedWork: Bool { next.load(ordering: .relaxed) < count }

  /// Claims indices until none is left or one has failed.
  ///
  /// Lower indices than a failed one were claimed before it, so they run to their end and the lowest
  /// failure is known.
  func run() {
    guard let body = state.withLock({ $0.body }) else { return }
    Worker.isWorking = true
    defer { Worker.isWorking = false }
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      do {
        try body(index)
      } catch {
        next.store(count, ordering: .relaxed)
        state.withLock { state in
          if state.failure.map({ index < $0.index }) ?? true { state.failure = (index, error) }
        }
      }
    }
  }

  /// Lets go of the body, which must not outlive the call that it belongs to.
  func close() throws {
    let failure = state.withLock { state in
      state.body = nil
      return state.failure
    }
    if let failure { throw failure.error }
  }
}

/// What a thread knows about itself.
private enum Worker {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let status = unsafe pthread_key_create(&key, nil)
    precondition(status == 0, "no thread-specific storage (error \(status))")
    return key
  }()

  /// Whether the current thread is inside a piece of work.
  static var isWorking: Bool {
    get { unsafe pthread_getspecific(key) != nil }
    set { unsafe pthread_setspecific(key, newValue ? UnsafeRawPointer(bitPattern: 1) : nil) }
  }
}

/// The parked threads and the jobs that are open to them.
@safe
private final class Crew: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let workArrived: UnsafeMutablePointer<pthread_cond_t>
  private let workerLeft: UnsafeMutablePointer<pthread_cond_t>
  // Guarded by `lock`.
  private var open: [(job: Job, helpers: Int, isOpen: Bool)] = []
  private var isDismissed = false

  init() {
    unsafe lock = .allocate(capacity: 1)
    unsafe workArrived = .allocate(capacity: 1)
    unsafe workerLeft = .allocate(capacity: 1)
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(workArrived, nil)
    unsafe pthread_cond_init(workerLeft, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(workerLeft)
    unsafe pthread_cond_destroy(workArrived)
    unsafe pthread_mutex_destroy(lock)
    unsafe workerLeft.deallocate()
    unsafe workArrived.deallocate()
    unsafe lock.deallocate()
  }

  /// Starts one detached thread, which holds the crew until it is dismissed.
  func hire() {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    unsafe pthread_attr_setstacksize(&attributes, 8 << 20)
    var thread = pthread_t()
    let crew = unsafe Unmanaged.passRetained(self)
    let status = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<Crew>.fromOpaque(argument).takeRetainedValue().work()
        return nil
      }, crew.toOpaque())
    unsafe pthread_attr_destroy(&attributes)
    // Without the thread the others, at least the caller, do its share.
    if status != 0 { unsafe crew.release() }
  }

  func dismiss() {
    locked {
      isDismissed = true
      unsafe pthread_cond_broadcast(workArrived)
    }
  }

  func offer(_ job: Job) {
    locked {
      open.append((job, 0, true))
      unsafe pthread_cond_broadcast(workArrived)
    }
  }

  /// Closes the job to further helpers and waits until those at work have left it.
  func finish(_ job: Job) {
    locked {
      guard let index = open.firstIndex(where: { $0.job === job }) else { return }
      open[index].isOpen = false
      while let entry = open.first(where: { $0.job === job }), entry.helpers > 0 {
        unsafe pthread_cond_wait(workerLeft, lock)
      }
      open.removeAll { $0.job === job }
    }
  }

  private func work() {
    while let job = join() {
      job.run()
      leave(job)
    }
  }

  /// Waits for a job with unclaimed work; nil once dismissed.
  private func join() -> Job? {
    locked {
      while !isDismissed {
        if let index = open.firstIndex(where: { $0.isOpen && $0.job.hasUnclaimedWork }) {
          open[index].helpers += 1
          return open[index].job
        }
        unsafe pthread_cond_wait(workArrived, lock)
      }
      return nil
    }
  }

  private func leave(_ job: Job) {
    locked {
      guard let index = open.firstIndex(where: { $0.job === job }) else { return }
      open[index].helpers -= 1
      if open[index].helpers == 0 { unsafe pthread_cond_broadcast(workerLeft) }
    }
  }

  private func locked<R>(_ body: () -> R) -> R {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    return body()
  }
}
