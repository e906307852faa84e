/// A merge method as recipes see it: its name, its inputs and its parameters.
///
/// The arithmetic is in `MergeMethods`, one implementation per declaration.
public struct MethodDeclaration: Hashable, Sendable {
  /// What `base_model` is to the method.
  public enum BasePolicy: Hashable, Sendable {
    /// `base_model` must be set and be an input of every slice.
    case required
    /// Used when set; then it must be an input of every slice.
    case optional
    /// An ordinary input, if it is one.
    case ignored
  }

  /// What happens to an optional tensor that some inputs lack.
  public enum MissingPolicy: Hashable, Sendable {
    /// Goes on with the remaining inputs if their number is allowed, else an error.
    case error
    /// A single remaining input is copied.
    case singletonPasses
    /// A single remaining input is copied if it is the base.
    case baseSingletonPasses
    /// With too few inputs left, the base is copied, anything else left out.
    case baseOrSkip
  }

  /// How many models may meet in a slice.
  public struct InputCount: Hashable, Sendable {
    public let minimum: Int
    /// Nil: any number.
    public let maximum: Int?
    /// Whether the base model counts.
    public let includesBase: Bool

    public static func exactly(_ count: Int, includingBase: Bool = true) -> InputCount {
      InputCount(minimum: count, maximum: count, includesBase: includingBase)
    }

    public static func atLeast(_ count: Int, includingBase: Bool = true) -> InputCount {
      InputCount(minimum: count, maximum: nil, includesBase: includingBase)
    }

    public func allows(_ count: Int) -> Bool { count >= minimum && count <= maximum ?? .max }
  }

  public let name: String
  public let summary: String
  /// The paper or page that defines the method.
  public let reference: String
  public let base: BasePolicy
  public let inputs: InputCount
  public let missing: MissingPolicy
  /// Whether random masks, keyed by the recipe's mask seed, enter the result.
  public let isStochastic: Bool
  public let parameters: [ParameterSpec]

  public init(
    _ name: String, summary: String, reference: String, base: BasePolicy, inputs: InputCount,
    missing: MissingPolicy = .error, isStochastic: Bool = false, parameters: [ParameterSpec]
  ) {
    self.name = name
    self.summary = summary
    self.reference = reference
    self.base = base
    self.inputs = inputs
    self.missing = missing
    self.isStochastic = isStochastic
    self.parameters = parameters
  }

  public func parameter(_ name: ParameterName) -> ParameterSpec? {
    parameters.first { $0.name == name }
  }

  /// Whether the method combines exactly two models.
  public var isPairwise: Bool { inputs.maximum == 2 }

  /// Whether so many inputs, base included, may meet.
  public func allows(inputs count: Int, withBase hasBase: Bool) -> Bool {
    let countsBase = inputs.includesBase || base == .ignored
    return inputs.allows(countsBase || !hasBase ? count : count - 1)
  }
}
