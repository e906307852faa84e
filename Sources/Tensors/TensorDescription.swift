/// The name of a tensor as its checkpoint spells it; ASCII in practice, to be compared as UTF-8.
public typealias TensorName = String

/// Sizes of a tensor's axes, row-major: the last axis is contiguous.
public struct Shape: Hashable, Sendable, Codable, CustomStringConvertible {
  public let dimensions: [Int]

  public init(_ dimensions: [Int]) { self.dimensions = dimensions }

  /// Number of elements; 1 for a scalar (no axes).
  /// - Precondition: The product fits in `Int`; files are checked when they are opened.
  public var elementCount: Int { dimensions.reduce(1, *) }

  public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}

/// What a checkpoint or a merge plan says about one tensor before any of it is read.
public struct TensorDescription: Hashable, Sendable {
  public let name: TensorName
  public let dtype: DType
  public let shape: Shape

  public init(name: TensorName, dtype: DType, shape: Shape) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
  }
}
