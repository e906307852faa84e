import Glibc

/// Rotary position embedding: which dimensions of a head rotate with the position, and how fast.
///
/// Dimension m and m + ``rotatedSize``/2 turn together, m < ``rotatedSize``/2, or, interleaved, 2m and
/// 2m + 1. Reference: <https://arxiv.org/abs/2104.09864>
public struct RotaryEmbedding: Sendable, Hashable {
  /// Stretching of the frequencies to longer contexts.
  public enum Scaling: Sendable, Hashable {
    case none
    case linear(factor: Double)
    /// A sequence longer than the positions rotates more slowly, the more so the longer it is.
    case dynamic(factor: Double, originalPositions: Int)
    /// Llama 3.1: low frequencies are divided, high ones kept, those between interpolated.
    case llama3(
      factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
      originalPositions: Int)
    case yarn(Yarn)
    case longRope(LongRope)
  }

  /// Frequencies are divided where a dimension turns rarely within the original context, kept where it turns
  /// often. Reference: <https://arxiv.org/abs/2309.00071>
  public struct Yarn: Sendable, Hashable {
    public let factor: Double
    public let originalPositions: Int
    /// Turns within the original context from which on a dimension keeps its frequency.
    public let fastTurns: Double
    /// Turns up to which it is divided.
    public let slowTurns: Double
    /// The bounds between which is interpolated are whole dimensions.
    public let roundsBounds: Bool
    /// Of cosines and sines.
    public let attentionFactor: Double
  }

  /// Every frequency is divided by a factor of its own, another one for sequences beyond the original context.
  /// Reference: <https://arxiv.org/abs/2402.13753>
  public struct LongRope: Sendable, Hashable {
    /// One per pair of dimensions.
    public let shortFactors: [Double]
    public let longFactors: [Double]
    public let originalPositions: Int
    /// Of cosines and sines, for short sequences as well.
    public let attentionFactor: Double
  }

  public let theta: Double
  /// Dimensions of a head that rotate; an odd number means that the last one rotates with its neighbour.
  public let dimensions: Int
  public let scaling: Scaling
  public let isInterleaved: Bool

  /// Leading dimensions of a head that rotate; even.
  public var rotatedSize: Int { (dimensions + 1) / 2 * 2 }

  public init(
    theta: Double, rotatedSize: Int, scaling: Scaling = .none, isInterleaved: Bool = false
  ) {
    self.theta = theta
    dimensions = rotatedSize
    self.scaling = scaling
    self.isInterleaved = isInterleaved
  }

  /// Sequences of up to this many tokens rotate alike; nil: all do.
  public var steadyLength: Int? {
    switch scaling {
    case .none, .linear, .llama3, .yarn: nil
    case .dynamic(_, let positions): positions
    case .longRope(let longRope): longRope.originalPositions
    }
  }

  /// What cosines and sines are multiplied with.
  public var attentionFactor: Double {
    switch scaling {
    case .none, .linear, .dynamic, .llama3: 1
    case .yarn(let yarn): yarn.attentionFactor
    case .longRope(let longRope): longRope.attentionFactor
    }
  }

  /// Radians per position of each pair of dimensions, ``rotatedSize``/2 of them, in a sequence of some length.
  ///
  /// In single precision, as the reference implementation stores them.
  public func frequencies(length: Int = 1) -> [Float] {
    (0..<rotatedSize / 2).map { pair in
      let theta = theta(length: length)
      let base = pow(theta, -2 * Double(pair) / Double(dimensions))
      return Float(scaled(base, pair: pair, length: length))
    }
  }

  private func theta(length: Int) -> Double {
    guard case .dynamic(let factor, let positions) = scaling, length > positions else {
      return theta
    }
    let size = Double(dimensions)
    let stretch = factor * Double(length) / Double(positions) - (factor - 1)
    return theta * pow(stretch, size / (size - 2))
  }

  private func scaled(_ frequency: Double, pair: Int, length: Int) -> Double {
    switch scaling {
    case .none, .dynamic: return frequency
    case .linear(let factor): return frequency / factor
    case .llama3(let factor, let low, let high, let originalPositions):
      let wavelength = 2 * Double.pi / frequency
      let original = Double(originalPositions)
      if wavelength < original / high { return frequency }
      if wavelength > original / low { return frequency / factor }
      let share = (original / wavelength - low) / (high - low)
      return (1 - share) * frequency / factor + share * frequency
    case .yarn(let yarn):
      let share = divided(yarn, pair: pair)
      return frequency / yarn.factor * share + frequency * (1 - share)
    case .longRope(let longRope):
      let isLong = length > longRope.originalPositions
      return frequency / (isLong ? longRope.longFactors : longRope.shortFactors)[pair]
    }
  }

  /// The share of a pair's frequency that is divided by the factor.
  private func divided(_ yarn: Yarn, pair: Int) -> Double {
    let size = Double(dimensions)
    func dimension(turning turns: Double) -> Double {
      size * log(Double(yarn.originalPositions) / (turns * 2 * .pi)) / (2 * log(theta))
    }
    var low = dimension(turning: yarn.fastTurns)
    var high = dimension(turning: yarn.slowTurns)
    if yarn.roundsBounds {
      low = low.rounded(.down)
      high = high.rounded(.up)
    }
    low = max(low, 0)
    high = min(high, size - 1)
    if low == high { high += 0.001 }
    return min(1, max(0, (Double(pair) - low) / (high - low)))
  }
}
