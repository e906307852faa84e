/// The key of a merge parameter in a recipe.
public struct ParameterName: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }
  public init(_ rawValue: String) { self.rawValue = rawValue }

  public var description: String { rawValue }

  public static let weight = ParameterName("weight")
  public static let density = ParameterName("density")
  public static let lambda = ParameterName("lambda")
  public static let normalize = ParameterName("normalize")
  public static let rescale = ParameterName("rescale")
  public static let int8Mask = ParameterName("int8_mask")
  public static let scale = ParameterName("scale")
  public static let t = ParameterName("t")
  public static let gamma = ParameterName("gamma")
  public static let epsilon = ParameterName("epsilon")
  public static let nuslerpFlatten = ParameterName("nuslerp_flatten")
  public static let nuslerpRowWise = ParameterName("nuslerp_row_wise")
  public static let normalizeWeights = ParameterName("normalize_weights")
  public static let eps = ParameterName("eps")
  public static let maxIterations = ParameterName("max_iter")
  public static let tolerance = ParameterName("tol")
  public static let filterWise = ParameterName("filter_wise")
  public static let selectTopK = ParameterName("select_topk")
  public static let r = ParameterName("r")
  public static let alpha = ParameterName("alpha")
}

/// One value of a merge parameter.
public enum ParameterScalar: Hashable, Sendable, CustomStringConvertible {
  case real(Double)
  case integer(Int)
  case boolean(Bool)

  public var description: String {
    switch self {
    case .real(let value): value.description
    case .integer(let value): value.description
    case .boolean(let value): value.description
    }
  }
}

/// What a method says about one of its parameters; recipes, help and search spaces read it here.
public struct ParameterSpec: Hashable, Sendable {
  /// For whom the parameter has a value of its own.
  public enum Scope: Hashable, Sendable {
    /// One value per output tensor.
    case shared
    /// One value per input, the base model included where it is an input.
    case perInput
    /// One value per input other than the base model.
    case perNonBase
  }

  public enum Kind: Hashable, Sendable {
    case real, integer, boolean
  }

  public let name: ParameterName
  public let kind: Kind
  public let scope: Scope
  /// Nil for required parameters and for those that may stay unset.
  public let defaultValue: ParameterScalar?
  public let isRequired: Bool
  /// Values outside are refused; nil where every finite value has a meaning.
  public let valid: ClosedRange<Double>?
  /// Range of a search that states none; nil for parameters that a search does not vary.
  public let suggested: ClosedRange<Double>?
  /// Whether a search that does not mention the parameter varies it; else it keeps the default.
  public let isVaried: Bool
  /// The parameter of the same model around which this one is a distance; nil for all others.
  ///
  /// Where that lies inside (0, 1), adding and subtracting this one must not lead out.
  public let margin: ParameterName?
  public let summary: String

  public init(
    _ name: ParameterName, _ kind: Kind, _ scope: Scope, default defaultValue: ParameterScalar?,
    isRequired: Bool = false, valid: ClosedRange<Double>? = nil,
    suggested: ClosedRange<Double>? = nil, isVaried: Bool? = nil,
    within margin: ParameterName? = nil,
    summary: String
  ) {
    self.name = name
    self.kind = kind
    self.scope = scope
    self.defaultValue = defaultValue
    self.isRequired = isRequired
    self.valid = valid
    self.suggested = suggested
    self.isVaried = isVaried ?? (suggested != nil && (isRequired || scope != .shared))
    self.margin = margin
    self.summary = summary
  }

  public var isPerModel: Bool { scope != .shared }
}
