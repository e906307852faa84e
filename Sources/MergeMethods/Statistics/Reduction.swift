public import Kernels

/// A quantity of whole input tensors, gathered in one pass over them.
///
/// The pass is cut into chunks of a fixed size, whose partial results are folded in order: the value
/// does not depend on the number of workers. Equal reductions of equal inputs have equal values, so a
/// search keeps them for all candidates.
public protocol Reduction: Hashable, Sendable {
  /// What one chunk contributes.
  associatedtype Partial: Sendable
  /// What all chunks so far contribute.
  associatedtype Total: Sendable
  associatedtype Value: Sendable

  /// Elements that a chunk holds together, such as a row; a chunk begins at a multiple of it.
  ///
  /// The same for all measurements of one pass.
  var granularity: Int { get }

  func startChunk() -> Partial

  /// Adds the elements of the stack; row `rows[i]` holds operand i.
  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout Partial)

  func startTotal() -> Total

  /// Called once per chunk, in order of the chunks.
  func fold(_ partial: Partial, into total: inout Total)

  func finish(_ total: Total) -> Value

  /// Memory that keeping a value takes.
  static func byteCount(of value: Value) -> Int

  /// Whether a value, once kept, stays: it is worth more the more candidates share it, and too large to be
  /// driven out and gathered again in turn.
  static var isRetained: Bool { get }
}

extension Reduction {
  public var granularity: Int { 1 }
  public static var isRetained: Bool { false }
}

/// A reduction, applied to some inputs of a merge.
public struct Measurement<R: Reduction>: Sendable {
  public var reduction: R
  /// Input of each operand.
  public var operands: [Int]
  /// Elements to pass over; nil means all.
  public var elements: Range<Int>?

  public init(_ reduction: R, of operands: [Int], in elements: Range<Int>? = nil) {
    self.reduction = reduction
    self.operands = operands
    self.elements = elements
  }
}

/// Answers what a method asks about its input tensors as a whole.
public protocol TensorSurvey {
  var elementCount: Int { get }

  /// The values of several reductions, gathered in one pass over the inputs that they need together.
  ///
  /// - Throws: What reading the inputs throws; `CancellationError`.
  func measure<R: Reduction>(_ measurements: [Measurement<R>]) throws -> [R.Value]

  /// Whether the value of a retained reduction is kept, or would be if it took so many bytes.
  func retains<R: Reduction>(_ measurement: Measurement<R>, byteCount: Int) -> Bool
}

extension TensorSurvey {
  public func retains<R: Reduction>(_ measurement: Measurement<R>, byteCount: Int) -> Bool { false }
}
