public import Diagnostics
public import Tensors

/// The resolved parameters of one output tensor.
public struct ParameterValues: Hashable, Sendable {
  /// The output tensor's name.
  public let tensor: TensorName
  /// Where messages point to: the recipe and the tensor.
  public let location: String
  private let shared: [ParameterName: ParameterScalar]
  private let perModel: [ParameterName: [ParameterScalar?]]

  /// - Parameters:
  ///   - tensor: The output tensor's name.
  ///   - location: What messages put before the tensor.
  ///   - shared: Values for all models.
  ///   - perModel: Values in recipe order: of all inputs, or of those other than the base, as the
  ///     parameter's scope says; nil where an optional parameter is unset.
  public init(
    tensor: TensorName, location: String, shared: [ParameterName: ParameterScalar],
    perModel: [ParameterName: [ParameterScalar?]]
  ) {
    self.tensor = tensor
    self.location = "\(location): tensor \(tensor)"
    self.shared = shared
    self.perModel = perModel
  }

  /// - Throws: ``Diagnostic`` if the parameter is unset or not a number.
  public func real(_ name: ParameterName) throws(Diagnostic) -> Double {
    guard case .real(let value) = shared[name] else { throw unset(name) }
    return value
  }

  /// - Throws: ``Diagnostic`` if the parameter is unset or not a whole number.
  public func integer(_ name: ParameterName) throws(Diagnostic) -> Int {
    guard case .integer(let value) = shared[name] else { throw unset(name) }
    return value
  }

  /// - Throws: ``Diagnostic`` if the parameter is unset or not a boolean.
  public func boolean(_ name: ParameterName) throws(Diagnostic) -> Bool {
    guard case .boolean(let value) = shared[name] else { throw unset(name) }
    return value
  }

  /// One value per input, or per input other than the base, in recipe order.
  ///
  /// - Throws: ``Diagnostic`` if a value is unset.
  public func perModel(_ name: ParameterName) throws(Diagnostic) -> [Double] {
    var values: [Double] = []
    for value in try optionalPerModel(name) {
      guard let value else { throw unset(name) }
      values.append(value)
    }
    return values
  }

  /// As ``perModel(_:)`` for parameters that may stay unset.
  ///
  /// - Throws: ``Diagnostic`` if the method has no such parameter.
  public func optionalPerModel(_ name: ParameterName) throws(Diagnostic) -> [Double?] {
    guard let values = perModel[name] else { throw unset(name) }
    return values.map { if case .real(let value) = $0 { value } else { nil } }
  }

  /// An error about the values of this tensor.
  public func problem(_ problem: String, fix: String) -> Diagnostic {
    Diagnostic(problem, at: location, fix: fix)
  }

  private func unset(_ name: ParameterName) -> Diagnostic {
    problem("parameter '\(name)' has no value", fix: "add '\(name): …' to the parameters")
  }
}

extension RecipeLayout {
  /// Resolves every parameter of the method for one output tensor.
  ///
  /// Per-model filters are matched with the name of that input's tensor, shared ones with the output's.
  /// - Parameters:
  ///   - site: Where the output tensor stands.
  ///   - output: Its name.
  ///   - inputs: For each input of the site the name of its tensor; nil if it lacks the tensor and so
  ///     drops out.
  /// - Returns: The values for the inputs that have the tensor.
  /// - Throws: ``Diagnostic`` if a required parameter has no value, naming model and tensor.
  public func values(
    at site: Site, output: TensorName, inputs: [TensorName?]
  ) throws(Diagnostic) -> ParameterValues {
    precondition(inputs.count == site.inputs.count, "\(inputs.count) != \(site.inputs.count)")
    let slice = slices[site.slice]
    var shared: [ParameterName: ParameterScalar] = [:]
    var perModel: [ParameterName: [ParameterScalar?]] = [:]
    for spec in method.parameters {
      guard spec.isPerModel else {
        shared[spec.name] = try value(
          of: spec, for: output, at: site.depth, in: slice.levels, model: nil)
        continue
      }
      var values: [ParameterScalar?] = []
      for (index, name) in inputs.enumerated() {
        guard let name, spec.scope == .perInput || index != site.base else { continue }
        let input = slice.inputs[index]
        values.append(
          try value(
            of: spec, for: name, at: site.depth, in: input.levels, model: input.model))
      }
      perModel[spec.name] = values
    }
    return ParameterValues(
      tensor: output, location: location, shared: shared, perModel: perModel)
  }

  private func value(
    of spec: ParameterSpec, for tensor: TensorName, at depth: Double,
    in levels: [ParameterSettings], model: ModelReference?
  ) throws(Diagnostic) -> ParameterScalar? {
    for level in levels {
      guard let curve = level[spec.name]?.curve(for: tensor) else { continue }
      guard let value = curve.value(at: depth) else {
        throw Diagnostic(
          "the gradient of '\(spec.name)' is not a whole number at tensor \(tensor)",
          at: location, fix: "use one whole number instead of a list")
      }
      return value
    }
    guard spec.isRequired else { return spec.defaultValue }
    let owner = model.map { " of model '\($0)'" } ?? ""
    throw Diagnostic(
      "parameter '\(spec.name)' has no value for tensor \(tensor)\(owner)", at: location,
      fix: "add an entry without a filter, such as {value: 0.5}, or a value for all models")
  }
}
