import Diagnostics
import Documents
import Glibc

/// Rotary position embedding: which dimensions of a head rotate with the position, and how fast.
///
/// Dimension m and m + ``rotatedSize``/2 turn together, m < ``rotatedSize``/2. Reference:
/// <https://arxiv.org/abs/2104.09864>
public struct RotaryEmbedding: Sendable, Hashable {
  /// Stretching of the frequencies to longer contexts.
  public enum Scaling: Sendable, Hashable {
    case none
    case linear(factor: Double)
    /// Llama 3.1: low frequencies are divided, high ones kept, those between interpolated.
    case llama3(
      factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
      originalPositions: Int)
  }

  public let theta: Double
  /// Leading dimensions of a head that rotate; even.
  public let rotatedSize: Int
  public let scaling: Scaling

  public init(theta: Double, rotatedSize: Int, scaling: Scaling = .none) {
    self.theta = theta
    self.rotatedSize = rotatedSize
    self.scaling = scaling
  }

  /// Radians per position of each pair of dimensions, ``rotatedSize``/2 of them.
  ///
  /// In single precision, as the reference implementation stores them.
  public var frequencies: [Float] {
    (0..<rotatedSize / 2).map { pair in
      let base = pow(theta, -2 * Double(pair) / Double(rotatedSize))
      return Float(scaled(base))
    }
  }

  private func scaled(_ frequency: Double) -> Double {
    switch scaling {
    case .none: return frequency
    case .linear(let factor): return frequency / factor
    case .llama3(let factor, let low, let high, let originalPositions):
      let wavelength = 2 * Double.pi / frequency
      let original = Double(originalPositions)
      if wavelength < original / high { return frequency }
      if wavelength > original / low { return frequency / factor }
      let share = (original / wavelength - low) / (high - low)
      return (1 - share) * frequency / factor + share * frequency
    }
  }
}

extension RotaryEmbedding {
  /// Reads `rope_scaling` or `rope_parameters` and what belongs to them at the top level.
  ///
  /// A non-empty `rope_scaling` replaces `rope_parameters` entirely.
  init(
    _ reader: ConfigurationReader, headSize: Int, maximumPositions: Int, defaultTheta: Double
  ) throws(Diagnostic) {
    let old = try reader.object("rope_scaling")
    let isOldSpelling = !(old?.document.members ?? []).isEmpty
    let parameters = try isOldSpelling ? old : reader.object("rope_parameters")
    let innerTheta = try parameters?.positiveNumber("rope_theta")
    let outerTheta = try reader.positiveNumber("rope_theta")
    let scaling =
      if let parameters {
        try Self.scaling(parameters, outer: reader, maximumPositions: maximumPositions)
      } else { Scaling.none }
    self.init(
      theta: innerTheta ?? outerTheta ?? defaultTheta, rotatedSize: headSize, scaling: scaling)
  }

  private static func scaling(
    _ parameters: ConfigurationReader, outer: ConfigurationReader, maximumPositions: Int
  ) throws(Diagnostic) -> Scaling {
    let typeKey = parameters.value("rope_type") == nil ? "type" : "rope_type"
    switch try parameters.string(typeKey) ?? "default" {
    case "default": return .none
    case "linear": return .linear(factor: try parameters.requiredPositiveNumber("factor"))
    case "llama3":
      let positions = 1...ModelConfiguration.largestSize
      let low = try parameters.requiredPositiveNumber("low_freq_factor")
      let high = try parameters.requiredPositiveNumber("high_freq_factor")
      guard high > low else {
        throw Diagnostic(
          "high_freq_factor \(high) is not above low_freq_factor \(low)", at: parameters.location,
          fix: "copy the values of the original model's file")
      }
      let key = "original_max_position_embeddings"
      let outerPositions = try outer.integer(key, in: positions)
      let innerPositions = try parameters.integer(key, in: positions)
      return .llama3(
        factor: try parameters.requiredPositiveNumber("factor"), lowFrequencyFactor: low,
        highFrequencyFactor: high,
        originalPositions: outerPositions ?? innerPositions ?? maximumPositions)
    case let name:
      throw Diagnostic(
        "rotary embeddings of type '\(name)' are not supported",
        at: parameters.location(of: typeKey), fix: "use a model of type default, linear or llama3")
    }
  }
}
