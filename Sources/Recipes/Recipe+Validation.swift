import Diagnostics

extension Recipe {
  /// The inputs of one slice before any model is opened.
  struct InputList {
    /// Key of the slice in the document, such as `slices[0]`.
    let place: String
    let models: [ModelReference]
    let base: ModelReference?
    /// Settings that apply to each input, strongest first.
    let levels: [[ParameterSettings]]
    /// Settings that apply to shared parameters, strongest first.
    let sharedLevels: [ParameterSettings]
  }

  /// Module and document level.
  var outerLevels: [ParameterSettings] {
    (moduleParameters.map { [$0] } ?? []) + [parameters]
  }

  /// Where `models` or `slices` stand in the document.
  private var prefix: String { moduleParameters == nil ? "" : "modules.default." }

  /// One entry for `models`, one per slice for `slices`.
  var inputLists: [InputList] {
    switch assembly {
    case .models(let inputs):
      var models = inputs.map(\.model)
      var levels = inputs.map { [$0.parameters] + outerLevels }
      if let baseModel, !models.contains(baseModel) {
        models.append(baseModel)
        levels.append(outerLevels)
      }
      return [
        InputList(
          place: prefix + "models", models: models, base: baseModel, levels: levels,
          sharedLevels: outerLevels)
      ]
    case .slices(let slices):
      return slices.enumerated().map { index, slice in
        InputList(
          place: prefix + "slices[\(index)]", models: slice.sources.map(\.model),
          base: slice.baseModel ?? baseModel,
          levels: slice.sources.map { [$0.parameters, slice.parameters] + outerLevels },
          sharedLevels: [slice.parameters] + outerLevels)
      }
    }
  }

  /// Everything about the recipe that can be wrong before a model is opened.
  ///
  /// - Throws: ``Diagnostic``.
  func validate(at location: String) throws(Diagnostic) {
    if case .slices(let slices) = assembly { try validate(slices, at: location) }
    for list in inputLists { try validate(list, at: location) }
    try validateTokens(at: location)
  }

  /// Rows can be taken from models only whose embeddings are merged.
  private func validateTokens(at location: String) throws(Diagnostic) {
    let models = inputModels
    for token in tokenizer?.tokens ?? [] {
      guard let model = token.source?.model, !models.contains(model) else { continue }
      throw Diagnostic(
        "the row of token '\(token.text)' shall come from '\(model)', which is not merged",
        at: "\(location): tokenizer.tokens", fix: "name one of the recipe's models")
    }
  }

  private func validate(_ slices: [Slice], at location: String) throws(Diagnostic) {
    guard !slices.isEmpty else {
      throw Diagnostic(
        "'slices' is empty", at: "\(location): \(prefix)slices", fix: "list at least one slice")
    }
    for (index, slice) in slices.enumerated() {
      let lengths = slice.sources.map(\.layers.count)
      guard Set(lengths).count <= 1 else {
        let counts = zip(slice.sources, lengths).map { "\($0.model) \($1)" }
        throw Diagnostic(
          "the sources have different numbers of layers (\(counts.joined(separator: ", ")))",
          at: "\(location): \(prefix)slices[\(index)]",
          fix: "give every layer_range of a slice the same length")
      }
    }
  }

  private func validate(_ list: InputList, at location: String) throws(Diagnostic) {
    let place = "\(location): \(list.place)"
    var seen: Set<ModelReference> = []
    for model in list.models where !seen.insert(model).inserted {
      throw Diagnostic(
        "model '\(model)' is listed twice", at: place, fix: "list each model of a slice once")
    }
    try validateBase(list, at: location, place)
    try validateCount(list, at: place)
    try validateRequired(list, at: place)
  }

  private func validateBase(
    _ list: InputList, at location: String, _ place: String
  ) throws(Diagnostic) {
    guard method.base != .ignored else { return }
    guard let base = list.base else {
      guard method.base == .required else { return }
      throw Diagnostic(
        "merge method \(method.name) needs a base_model", at: location,
        fix: "add 'base_model: …', the model that the others were made from")
    }
    guard list.models.contains(base) else {
      throw Diagnostic(
        "base_model '\(base)' is not among the sources", at: place,
        fix: "list it in the sources of every slice; it needs no parameters")
    }
  }

  private func validateCount(_ list: InputList, at place: String) throws(Diagnostic) {
    let includesBase = method.inputs.includesBase || method.base == .ignored
    let count = includesBase ? list.models.count : list.models.count { $0 != list.base }
    guard !method.inputs.allows(count) else { return }
    let minimum = method.inputs.minimum
    let needed = method.inputs.maximum == minimum ? "exactly \(minimum)" : "at least \(minimum)"
    let noun = (minimum == 1 ? "model" : "models") + (includesBase ? "" : " besides base_model")
    let listed = list.models.map(\.description).joined(separator: ", ")
    throw Diagnostic(
      "merge method \(method.name) takes \(needed) \(noun), but gets \(count)"
        + (count == 0 ? "" : " (\(listed))"),
      at: place, fix: "list \(needed) \(noun); an unlisted base_model counts as an input")
  }

  private func validateRequired(_ list: InputList, at place: String) throws(Diagnostic) {
    for spec in method.parameters where spec.isRequired {
      if spec.scope == .shared {
        guard list.sharedLevels.contains(where: { $0[spec.name] != nil }) else {
          throw Diagnostic(
            "merge method \(method.name) needs a value for '\(spec.name)'", at: place,
            fix: "add '\(spec.name): …' to the document's parameters")
        }
        continue
      }
      for (model, levels) in zip(list.models, list.levels) {
        if spec.scope == .perNonBase, model == list.base { continue }
        guard levels.contains(where: { $0[spec.name] != nil }) else {
          throw Diagnostic(
            "parameter '\(spec.name)' has no value for model '\(model)'", at: place,
            fix: "add '\(spec.name): …' to the parameters of the model or of the document")
        }
      }
    }
  }
}
