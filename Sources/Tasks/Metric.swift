import Randomness

/// The key of a figure, such as `acc_norm` or `exact_match`.
public struct MetricName: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible,
  ExpressibleByStringLiteral
{
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral: String) { rawValue = stringLiteral }
  public var description: String { rawValue }
}

/// One item's contribution to a metric.
///
/// Ratios (nats over bytes) are summed before they are divided.
public enum ItemValue: Sendable, Hashable, Codable {
  case value(Double)
  case ratio(numerator: Double, denominator: Double)

  /// A plain value is a ratio over 1.
  public var numerator: Double {
    switch self {
    case .value(let value): value
    case .ratio(let numerator, _): numerator
    }
  }

  public var denominator: Double {
    switch self {
    case .value: 1
    case .ratio(_, let denominator): denominator
    }
  }

  /// The item's value averaged over repetitions, such as the mask seeds of a stochastic merge.
  ///
  /// - Precondition: There is at least one, and all are of one case.
  public static func mean(of values: [ItemValue]) -> ItemValue {
    precondition(!values.isEmpty, "the mean of no values")
    let count = Double(values.count)
    let numerator = values.reduce(0) { $0 + $1.numerator } / count
    if case .value = values[0] { return .value(numerator) }
    return .ratio(
      numerator: numerator, denominator: values.reduce(0) { $0 + $1.denominator } / count)
  }
}

/// A figure over items, with the uncertainty that comes from having drawn these items.
public struct Score: Sendable, Hashable, Codable {
  public var value: Double
  /// Nil for fewer than two items (or clusters).
  public var standardError: Double?
  /// Number of items.
  public var count: Int

  public init(value: Double, standardError: Double?, count: Int) {
    self.value = value
    self.standardError = standardError
    self.count = count
  }
}

/// A figure of merit: how the values of items become one number, and which direction is better.
public struct Metric: Sendable, Hashable {
  /// lm-eval's names of the aggregations; each is a function of Σ numerator / Σ denominator.
  public enum Aggregation: String, Sendable, Hashable, CaseIterable {
    case mean
    /// exp(−mean of the log-likelihoods).
    case perplexity
    /// exp(−Σ nats / Σ units).
    case weightedPerplexity = "weighted_perplexity"
    /// −Σ nats / (Σ bytes · ln 2).
    case bitsPerByte = "bits_per_byte"
    /// 2·TP / (2·TP + FP + FN).
    case f1
  }

  public let name: MetricName
  public let aggregation: Aggregation
  public let higherIsBetter: Bool

  public init(_ name: MetricName, _ aggregation: Aggregation = .mean, higherIsBetter: Bool = true) {
    self.name = name
    self.aggregation = aggregation
    self.higherIsBetter = higherIsBetter
  }

  /// Metrics of one scale can be compared: those that are shares of a hit, from 0 to 1, else only a metric with
  /// itself.
  public var scale: String {
    let name = name.rawValue.split(separator: ",").first.map(String.init) ?? ""
    let isShare = aggregation == .mean && higherIsBetter && !Self.unbounded.contains(name)
    return isShare || aggregation == .f1 ? "share" : name
  }

  private static let unbounded: Set<String> = ["margin", "choice_logprob"]

  /// The score's value turned so that higher is better.
  public func utility(_ value: Double) -> Double { higherIsBetter ? value : -value }

  /// The figure that belongs to Σ numerator / Σ denominator = `ratio`.
  func figure(_ ratio: Double) -> Double {
    switch aggregation {
    case .mean, .f1: ratio
    case .perplexity, .weightedPerplexity: Deterministic.exp(-ratio)
    case .bitsPerByte: -ratio / Self.ln2
    }
  }

  /// |d figure / d ratio| at `ratio`, for the delta method.
  func slope(_ ratio: Double) -> Double {
    switch aggregation {
    case .mean, .f1: 1
    case .perplexity, .weightedPerplexity: Deterministic.exp(-ratio)
    case .bitsPerByte: 1 / Self.ln2
    }
  }

  private static let ln2 = 0.693_147_180_559_945_3

  /// The figure over `values` and its standard error.
  ///
  /// The estimate is the ratio r = Σ wᵢnᵢ / Σ wᵢdᵢ; with residuals eᵢ = wᵢ(nᵢ − r·dᵢ) its variance is
  /// Σ eᵢ² · n/(n − 1) / (Σ wᵢdᵢ)², for a plain mean the usual s²/n. Items of one cluster are summed
  /// before they are squared, without the factor n/(n − 1) (Miller 2024, arXiv 2411.00640). Figures that are
  /// not linear in r take the delta method.
  /// - Parameters:
  ///   - values: One per item.
  ///   - weights: The items' weights; equal if nil.
  ///   - clusters: Which items belong together; all independent if nil.
  /// - Returns: A value that is not finite only where a perplexity overflows.
  public func score(
    _ values: [ItemValue], weights: [Double]? = nil, clusters: [String]? = nil
  ) -> Score {
    let weights = weights ?? Array(repeating: 1, count: values.count)
    precondition(weights.count == values.count, "\(weights.count) != \(values.count)")
    var total = 0.0
    var mass = 0.0
    for (value, weight) in zip(values, weights) {
      total += weight * value.numerator
      mass += weight * value.denominator
    }
    guard mass > 0 else { return Score(value: figure(0), standardError: nil, count: values.count) }
    let ratio = total / mass
    let residuals = zip(values, weights).map { value, weight in
      weight * (value.numerator - ratio * value.denominator)
    }
    let variance: Double?
    if let clusters {
      precondition(clusters.count == values.count, "\(clusters.count) != \(values.count)")
      let sums = clusterSums(residuals, clusters)
      variance = sums.count > 1 ? sums.reduce(0) { $0 + $1 * $1 } / (mass * mass) : nil
    } else {
      let count = Double(values.count)
      variance =
        values.count > 1
        ? residuals.reduce(0) { $0 + $1 * $1 } * count / (count - 1) / (mass * mass) : nil
    }
    return Score(
      value: figure(ratio), standardError: variance.map { $0.squareRoot() * slope(ratio) },
      count: values.count)
  }

  /// In the order in which the clusters first appear, so that the sum has one order.
  private func clusterSums(_ residuals: [Double], _ clusters: [String]) -> [Double] {
    var positions: [[UInt8]: Int] = [:]
    var sums: [Double] = []
    for (residual, cluster) in zip(residuals, clusters) {
      let key = Array(cluster.utf8)
      if let position = positions[key] {
        sums[position] += residual
      } else {
        positions[key] = sums.count
        sums.append(residual)
      }
    }
    return sums
  }
}
