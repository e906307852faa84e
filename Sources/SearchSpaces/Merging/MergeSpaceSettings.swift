public import Recipes

/// The `space:` section of a search file, before depth and budget are known.
public struct MergeSpaceSettings: Hashable, Sendable {
  public enum Profile: Hashable, Sendable {
    /// Chosen from the budget, see ``ProfileChoice``.
    case auto
    case fixed(DepthProfile)
  }

  /// What the file says about one parameter.
  struct Coefficient: Hashable, Sendable {
    enum Range: Hashable, Sendable {
      /// The method's suggestion.
      case suggested
      case unbounded
      case bounded(ClosedRange<Double>)
    }

    enum Value: Hashable, Sendable {
      case fixed(ParameterScalar)
      case searched(Range, start: Double?, step: Double?)
      /// True or false, as the search finds.
      case switched
    }

    var value: Value
    /// One copy for all methods that have the parameter.
    var isShared = false
    /// One number for all models.
    var isOneForAllModels = false
    /// Nil: weight and t do, all else does not.
    var followsDepth: Bool?
    /// Where the file says it.
    var location: String
  }

  /// A parameter of one method, or of all that have it.
  struct Key: Hashable, Sendable {
    var method: String?
    var parameter: ParameterName
  }

  public internal(set) var methods: [MethodDeclaration]
  /// Contiguous ranges of layers with a method of their own.
  public internal(set) var groups: Int
  public internal(set) var profile: Profile
  /// Nil: none, or with `profile: auto` those that the budget allows.
  public internal(set) var components: [ModelComponent]?
  /// Pairs of model names for methods that combine two.
  public internal(set) var pairs: [[String]]
  var coefficients: [Key: Coefficient]
  let location: String

  /// What the file says about a parameter of a method: by its qualified name, else by its bare one.
  func coefficient(_ spec: ParameterSpec, of method: MethodDeclaration) -> Coefficient? {
    coefficients[Key(method: method.name, parameter: spec.name)]
      ?? coefficients[Key(method: nil, parameter: spec.name)]
  }

  /// Whether the bare name speaks for the method and is one copy for all.
  func isShared(_ spec: ParameterSpec, of method: MethodDeclaration) -> Bool {
    coefficients[Key(method: method.name, parameter: spec.name)] == nil
      && coefficients[Key(method: nil, parameter: spec.name)]?.isShared == true
  }
}
