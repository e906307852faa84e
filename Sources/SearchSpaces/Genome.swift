/// A point of a search space: one value per parameter, in the order of the parameters.
///
/// Reals are in the user's units, integers whole, and a categorical parameter holds the index of
/// its choice. Inactive parameters hold a value too; it does not matter.
public struct Genome: Hashable, Sendable {
  public let values: [Double]

  /// Negative zeros become zeros, so that equal points have equal bits.
  public init(values: [Double]) { self.values = values.map { $0 + 0 } }
}

/// Encoded as a plain array of numbers; encoders that print doubles exactly keep every bit.
extension Genome: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(values: try decoder.singleValueContainer().decode([Double].self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(values)
  }
}

/// What a parameter is set to, in the user's terms.
public enum ParameterValue: Hashable, Sendable {
  case real(Double)
  case integer(Int)
  case choice(String)
}

extension ParameterValue: CustomStringConvertible {
  /// Reals with four significant digits.
  public var description: String {
    switch self {
    case .real(let value): return significant(value)
    case .integer(let value): return String(value)
    case .choice(let name): return name
    }
  }

  private func significant(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "\(value)" }
    var scale = 1.0
    var digits = 0
    while abs(value) * scale < 999.95, digits < 12 {
      scale *= 10
      digits += 1
    }
    return "\((value * scale).rounded() / scale)"
  }
}

/// Encoded as a number or a string.
extension ParameterValue: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .real(value)
    } else {
      self = .choice(try container.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .real(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .choice(let name): try container.encode(name)
    }
  }
}

/// One parameter of a genome, spelt out.
public struct Assignment: Hashable, Sendable, Codable {
  public let name: String
  public let value: ParameterValue
  /// Whether the parameter matters, given the others.
  public let isActive: Bool
}
