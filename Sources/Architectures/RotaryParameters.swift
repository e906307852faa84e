import Diagnostics
import Documents
import Glibc

/// The members of `rope_parameters` or `rope_scaling`, read from the first object that has them.
struct RotaryParameters {
  let objects: [ConfigurationReader]
  /// Where `original_max_position_embeddings` may stand as well, and then counts.
  let outer: ConfigurationReader?
  let maximumPositions: Int
  /// What that key means at the top level where it is missing.
  let originalPositions: Int?

  static let types = ["default", "linear", "dynamic", "llama3", "yarn", "longrope"]

  private func object(with key: String) -> ConfigurationReader? {
    objects.first { $0.value(key) != nil }
  }

  func number(_ key: String) throws(Diagnostic) -> Double? { try object(with: key)?.number(key) }

  func positiveNumber(_ key: String) throws(Diagnostic) -> Double? {
    try object(with: key)?.positiveNumber(key)
  }

  /// The kind of scaling, and where it is written.
  func type() throws(Diagnostic) -> (name: String, location: String) {
    for key in ["rope_type", "type"] {
      if let object = object(with: key), let name = try object.string(key) {
        return (name, object.location(of: key))
      }
    }
    return ("default", objects.first?.location ?? "")
  }

  static func unsupported(_ type: String, at location: String, _ known: [String]) -> Diagnostic {
    let list = known.dropLast().joined(separator: ", ") + " or " + (known.last ?? "")
    return Diagnostic(
      "rotary embeddings of type '\(type)' are not supported", at: location,
      fix: "use a model of type \(list)")
  }

  func scaling(
    _ type: String, dimensions: Int, at location: String
  ) throws(Diagnostic) -> RotaryEmbedding.Scaling {
    switch type {
    case "default": return .none
    case "linear": return .linear(factor: try required("factor"))
    case "dynamic":
      guard dimensions > 2 else {
        throw Diagnostic(
          "a rotation of \(dimensions) dimensions cannot be stretched", at: location,
          fix: "take the file from the original model")
      }
      return .dynamic(factor: try required("factor"), originalPositions: maximumPositions)
    case "llama3": return try llama3()
    case "yarn": return .yarn(try yarn())
    case "longrope": return .longRope(try longRope(pairs: (dimensions + 1) / 2))
    default: throw Self.unsupported(type, at: location, Self.types)
    }
  }

  private func llama3() throws(Diagnostic) -> RotaryEmbedding.Scaling {
    let low = try required("low_freq_factor")
    let high = try required("high_freq_factor")
    guard high > low else {
      throw Diagnostic(
        "high_freq_factor \(high) is not above low_freq_factor \(low)",
        at: objects.first?.location ?? "", fix: "copy the values of the original model's file")
    }
    return .llama3(
      factor: try required("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
      originalPositions: try original())
  }

  private func yarn() throws(Diagnostic) -> RotaryEmbedding.Yarn {
    let original = try original()
    let factor =
      try positiveNumber("factor") ?? Double(maximumPositions) / Double(original)
    let fast = try number("beta_fast") ?? 32
    let slow = try number("beta_slow") ?? 1
    let truncates = try object(with: "truncate")?.bool("truncate")
    return RotaryEmbedding.Yarn(
      factor: factor, originalPositions: original, fastTurns: fast == 0 ? 32 : fast,
      slowTurns: slow == 0 ? 1 : slow, roundsBounds: truncates ?? true,
      attentionFactor: try yarnAttentionFactor(factor))
  }

  private func yarnAttentionFactor(_ factor: Double) throws(Diagnostic) -> Double {
    if let stated = try number("attention_factor") { return stated }
    func growth(_ weight: Double) -> Double { factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1 }
    let scale = try number("mscale") ?? 0
    let all = try number("mscale_all_dim") ?? 0
    return scale != 0 && all != 0 ? growth(scale) / growth(all) : growth(1)
  }

  private func longRope(pairs: Int) throws(Diagnostic) -> RotaryEmbedding.LongRope {
    let original = try original()
    let ratio = try positiveNumber("factor") ?? Double(maximumPositions) / Double(original)
    let stated = try number("attention_factor")
    let growth = ratio <= 1 ? 1 : (1 + log(ratio) / log(Double(original))).squareRoot()
    return RotaryEmbedding.LongRope(
      shortFactors: try factors("short_factor", pairs),
      longFactors: try factors("long_factor", pairs),
      originalPositions: original, attentionFactor: stated ?? growth)
  }

  private func factors(_ key: String, _ pairs: Int) throws(Diagnostic) -> [Double] {
    guard let object = object(with: key), let factors = try object.numbers(key) else {
      throw missing(key, "a list of \(pairs) numbers")
    }
    guard factors.count == pairs, factors.allSatisfy({ $0 > 0 }) else {
      throw Diagnostic(
        "is no list of \(pairs) numbers above 0, one per pair of dimensions",
        at: object.location(of: key), fix: "copy the list of the original model's file")
    }
    return factors
  }

  private func original() throws(Diagnostic) -> Int {
    let key = "original_max_position_embeddings"
    let positions = 1...ModelConfiguration.largestSize
    let stated = try outer?.integer(key, in: positions)
    let inner = try object(with: key)?.integer(key, in: positions)
    return stated ?? originalPositions ?? inner ?? maximumPositions
  }

  private func required(_ key: String) throws(Diagnostic) -> Double {
    guard let value = try positiveNumber(key) else { throw missing(key, "a number") }
    return value
  }

  private func missing(_ key: String, _ kind: String) -> Diagnostic {
    objects.first?.missing(key, kind)
      ?? Diagnostic("the key is missing", at: key, fix: "add \(kind)")
  }
}
