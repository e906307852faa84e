import Architectures
import Checkpoints
import Diagnostics
import Documents
import Tensors

/// How a model is read, where that differs from what its folder says.
struct ModelReading: Sendable {
  /// Merged into the weights.
  var adapter: LoRAAdapter?
  /// To which the weights are cast before the adapter is merged; nil for the stored dtypes.
  var adapterDType: DType?
  /// The architecture that takes the place of the one in config.json.
  var architecture: Architecture?

  /// The architecture with a class name, as recipes give it.
  ///
  /// - Throws: ``Diagnostic`` that lists the known ones.
  static func architecture(
    named className: String, at location: String
  ) throws(Diagnostic) -> Architecture {
    let all = Architecture.all.names.compactMap { Architecture.all[$0] }
    guard let found = all.first(where: { $0.className == className }) else {
      throw unknownName(
        className, noun: "architecture", known: all.map(\.className), at: location)
    }
    return found
  }

  /// The configuration as it is read: with the other architecture, if there is one.
  func config(_ file: ConfigFile) throws(Diagnostic) -> ConfigFile {
    guard let architecture, case .object(var members) = file.document else { return file }
    members.removeAll { $0.key == "architectures" || $0.key == "model_type" }
    members.append(.init("architectures", .array([.string(architecture.className)])))
    members.append(.init("model_type", .string(architecture.modelType)))
    return ConfigFile(location: file.location, document: .object(members))
  }

  /// The weights of a model or stage as they are read.
  ///
  /// - Returns: The source itself if nothing differs.
  /// - Throws: ``Diagnostic`` if the adapter does not fit.
  func apply(
    to source: any WeightSource, config: ConfigFile, _ configuration: ModelConfiguration,
    _ weights: [WeightKey: StoredWeight]
  ) throws(Diagnostic) -> (any WeightSource, [WeightKey: StoredWeight]) {
    guard adapter != nil || architecture != nil else { return (source, weights) }
    var changes: [TensorName: LoRAAdapter.Change] = [:]
    if let adapter {
      let specs = configuration.weights.compactMap { spec in
        weights[WeightKey(spec)].map { (names: [spec.name] + spec.aliases, stored: $0.stored) }
      }
      for (position, change) in try adapter.changes(of: specs) {
        changes[specs[position].stored.name] = change
      }
    }
    let adapted = AdaptedWeights(
      source, config: config, adapter: adapter, changes: changes,
      loadDType: adapter == nil ? nil : adapterDType)
    let described = weights.mapValues { weight in
      StoredWeight(
        name: weight.name, stored: adapted.description(of: weight.stored.name) ?? weight.stored)
    }
    return (adapted, described)
  }
}
