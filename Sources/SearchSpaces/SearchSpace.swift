public import Diagnostics

/// The parameters of a search, checked: names are unique, ranges hold their starts, and conditions
/// name existing values and run in no circle.
public struct SearchSpace: Hashable, Sendable {
  public let parameters: [SearchParameter]
  /// Per parameter the requirements of its activity.
  private let requirements: [[Requirement]]
  /// Parameter indices, parents before the parameters that depend on them.
  private let parentsFirst: [Int]

  /// Met if any of the alternatives is.
  private struct Requirement: Hashable, Sendable {
    let alternatives: [Alternative]
  }

  /// Met if the parent is active and has one of the values.
  private struct Alternative: Hashable, Sendable {
    let parent: Int
    let values: [Double]
  }

  /// - Parameters:
  ///   - parameters: In the order in which genomes hold their values.
  ///   - location: Where they were written, such as `search.yaml: space`.
  /// - Throws: The first of ``problems(in:at:)``.
  public init(_ parameters: [SearchParameter], at location: String = "space") throws(Diagnostic) {
    if let first = Self.problems(in: parameters, at: location).first { throw first }
    self.parameters = parameters
    var index: [String: Int] = [:]
    for (position, parameter) in parameters.enumerated() { index[parameter.name] = position }
    requirements = parameters.map { parameter in
      parameter.activeWhen.map { condition in
        Requirement(
          alternatives: condition.parameters.compactMap { index[$0] }.map { parent in
            Alternative(
              parent: parent,
              values: condition.values.compactMap { parameters[parent].kind.value(named: $0) })
          })
      }
    }
    parentsFirst = Self.parentsFirst(parameters) ?? Array(parameters.indices)
  }

  /// The position of the parameter called `name` in every genome.
  public func index(of name: String) -> Int? { parameters.firstIndex { $0.name == name } }

  /// Every parameter where the user said it starts; categories at the first of the likeliest.
  public var start: Genome { Genome(values: parameters.map(\.kind.startValue)) }
}

// MARK: - Genomes

extension SearchSpace {
  /// Which parameters of `genome` matter: those whose conditions hold, parents first.
  public func activeMask(_ genome: Genome) -> [Bool] {
    var active = [Bool](repeating: true, count: parameters.count)
    for index in parentsFirst {
      active[index] = requirements[index].allSatisfy { requirement in
        requirement.alternatives.contains {
          active[$0.parent] && $0.values.contains(genome.values[$0.parent])
        }
      }
    }
    return active
  }

  /// A hash of the active parameters only: equal for genomes that mean the same candidate.
  ///
  /// FNV-1a over (index, bits) of every active parameter; stable between runs and machines.
  public func fingerprint(_ genome: Genome) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func absorb(_ word: UInt64) {
      for shift in stride(from: 0, to: 64, by: 8) {
        hash = (hash ^ (word >> UInt64(shift) & 0xFF)) &* 0x0000_0100_0000_01B3
      }
    }
    for (index, isActive) in activeMask(genome).enumerated() where isActive {
      absorb(UInt64(index))
      absorb(genome.values[index].bitPattern)
    }
    return hash
  }

  /// Every parameter of `genome` by name, in the user's terms.
  public func assignments(of genome: Genome) -> [Assignment] {
    zip(parameters, zip(genome.values, activeMask(genome))).map { parameter, held in
      let value: ParameterValue =
        switch parameter.kind {
        case .real: .real(held.0)
        case .integer: .integer(Int(held.0))
        case .categorical(let choices, _): .choice(choices[Int(held.0)])
        }
      return Assignment(name: parameter.name, value: value, isActive: held.1)
    }
  }

  /// One line with the active parameters, such as `method ties, ties.density 0.431`.
  public func describe(_ genome: Genome) -> String {
    assignments(of: genome).filter(\.isActive).map { "\($0.name) \($0.value)" }
      .joined(separator: ", ")
  }

  /// Checks a genome that came from outside.
  ///
  /// - Throws: ``Diagnostic`` that names the first parameter whose value it cannot hold.
  public func validate(_ genome: Genome, at location: String) throws(Diagnostic) {
    guard genome.values.count == parameters.count else {
      throw Diagnostic(
        "\(genome.values.count) values for \(parameters.count) parameters", at: location,
        fix: "give one value per parameter, in the order of the space")
    }
    for (parameter, value) in zip(parameters, genome.values) {
      let bounds = parameter.kind.bounds
      guard bounds.contains(value) else {
        throw Diagnostic(
          "value \(value) of '\(parameter.name)' is outside \(bounds.lowerBound)...\(bounds.upperBound)",
          at: location, fix: "use a value inside the range")
      }
      guard !parameter.kind.isDiscrete || value == value.rounded() else {
        throw Diagnostic(
          "value \(value) of '\(parameter.name)' is not whole", at: location,
          fix: "use a whole number")
      }
    }
  }
}

/// Encoded as its parameters; decoding checks them again.
extension SearchSpace: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(try container.decode([SearchParameter].self))
    } catch let problem as Diagnostic {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(problem)")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(parameters)
  }
}
