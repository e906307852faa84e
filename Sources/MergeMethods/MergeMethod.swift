public import Diagnostics
public import Kernels
public import Recipes
public import Tensors

/// Combines one tensor across models.
///
/// A method goes through three stages. `init` validates the parameter values of one output tensor.
/// ``prepare(_:)`` asks the inputs, as whole tensors, for what the result depends on beyond the single
/// element. From then on every range of the output follows from the same range of the inputs, whatever
/// the other ranges are.
public protocol MergeMethod: Sendable {
  static var declaration: MethodDeclaration { get }

  /// - Throws: ``Diagnostic`` if values of several parameters do not go together.
  init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic)

  /// Works out what every range needs: norms, thresholds, rescaling.
  ///
  /// - Throws: What reading the inputs throws; `CancellationError`.
  func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge
}

/// A merge of one tensor of which any range of elements can be computed.
public protocol RangeMerge: Sendable {
  /// The inputs that are read: row r of a stack holds input `operands[r]`. Never empty.
  var operands: [Int] { get }

  /// Memory that it takes, beyond a few numbers.
  var byteCount: Int { get }

  /// Overwrites `output` with the merged elements; the rows of the stack are used up.
  ///
  /// - Precondition: `output.count == stack.count`.
  func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>)

  /// The same merge, bit for bit, as one kernel over the operands; nil (the default) if there is none.
  var direct: DirectMerge? { get }
}

extension RangeMerge {
  public var byteCount: Int { 0 }
}

/// The output tensor that a method is asked for, and the inputs that have it.
public struct MergeSite: Hashable, Sendable {
  /// Name of the output tensor.
  public var tensor: TensorName
  public var shape: Shape
  /// Each input's position among the inputs of its slice other than the base; nil for the base.
  ///
  /// Counted from 0. A base exists only for methods that use one.
  public var positions: [Int?]
  /// Seed of random masks.
  public var maskSeed: UInt64

  public init(tensor: TensorName, shape: Shape, positions: [Int?], maskSeed: UInt64) {
    self.tensor = tensor
    self.shape = shape
    self.positions = positions
    self.maskSeed = maskSeed
  }

  public var inputCount: Int { positions.count }

  /// Index of the base among the inputs.
  public var base: Int? { positions.firstIndex { $0 == nil } }

  /// Indices of the inputs other than the base.
  public var models: [Int] { positions.indices.filter { positions[$0] != nil } }
}
