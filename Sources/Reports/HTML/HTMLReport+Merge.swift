import Diagnostics
import Documents
import Foundation
import PopulationStore
import Recipes
import SearchSpaces

extension HTMLReport {
  // MARK: Coefficients

  /// Methods and coefficients of the subject, layer by layer.
  var mergeSection: PageSection? {
    guard let subject, let recipe = subject.recipe else { return nil }
    let title = report.winner == nil ? "The best merge so far" : "The winning merge"
    do {
      let document = try RecipeDocument.parse(text: recipe, location: "candidate \(subject.id)")
      let map = try CoefficientMap(document, layers: storedLayers, name: modelName)
      var blocks: [Block] = [.table(methods(document))]
      blocks += map.parameters.filter(isDrawn).map { .figure(.init(plot: heatMap($0, map))) }
      if !map.knowsLayers {
        blocks.append(
          .paragraph(
            "The depth of the models is not in this store: columns are the points between which "
              + "coefficients run straight."))
      }
      let constants = constants(map)
      if !constants.rows.isEmpty { blocks.append(.table(constants)) }
      let tables = map.parameters.filter(isDrawn).map { numbers($0, map) }
      if !tables.isEmpty {
        blocks.append(.details(summary: "The same in numbers", tables.map(Block.table)))
      }
      return PageSection(id: "merge", title: title, blocks: blocks)
    } catch {
      return PageSection(
        id: "merge", title: title,
        blocks: [.warning("The recipe cannot be shown layer by layer: \(error.problem).")])
    }
  }

  /// Depth of the models, where the store knows it.
  private var storedLayers: Int? {
    let settings = report.snapshot.search.plan?.settings ?? ""
    let known = try? JSONValue.parse(Array(settings.utf8), location: "plan.settings")
    return known?["layers"]?.integer.flatMap { (1...10_000).contains($0) ? $0 : nil }
  }

  /// The name in the search file; for strangers the last part of the path.
  private func modelName(_ model: ModelReference) -> String {
    report.snapshot.search.models.first { $0.path == model.path }?.name
      ?? URL(fileURLWithPath: model.path).lastPathComponent
  }

  private func isDrawn(_ parameter: CoefficientMap.Parameter) -> Bool {
    Set(parameter.rows.flatMap(\.values).compactMap(\.self)).count > 1
  }

  private func heatMap(_ parameter: CoefficientMap.Parameter, _ map: CoefficientMap) -> HeatMap {
    HeatMap(
      title: "\(parameter.name) over depth" + (map.knowsLayers ? ", by layer" : ""),
      summary: parameter.rows.map { row in
        let values = row.values.compactMap(\.self)
        guard let low = values.min(), let high = values.max() else { return "" }
        return "\(rowName(row)): \(fixed(low, 3)) to \(fixed(high, 3))"
      }.joined(separator: "; "),
      columns: map.columns,
      rows: parameter.rows.map { .init(name: rowName($0), values: $0.values) })
  }

  private func rowName(_ row: CoefficientMap.Row) -> String {
    let group = row.filters.isEmpty ? nil : componentName(row.filters)
    return [row.model, group].compactMap(\.self).joined(separator: ", ")
  }

  /// A component's usual name where its filters are known ones, else the filters.
  private func componentName(_ filters: [String]) -> String {
    let names = filters.map { filter -> String in
      if filter.contains("norm") || filter.hasPrefix("ln_") { return "norms" }
      if filter.contains("attn") || filter.contains("attention") { return "attention" }
      if filter.contains("mlp") || filter.contains("feed_forward") { return "mlp" }
      return filter
    }
    return Set(names).sorted().joined(separator: ", ")
  }

  private func numbers(_ parameter: CoefficientMap.Parameter, _ map: CoefficientMap) -> Block.Table
  {
    var table = Block.Table(
      caption: "\(parameter.name); columns are " + (map.knowsLayers ? "layers" : "shares of depth"),
      header: [parameter.rows.contains { $0.model != nil } ? "model" : "tensors"] + map.columns)
    table.rows = parameter.rows.map { row in
      let name = rowName(row)
      return .init(
        cells: [name.isEmpty ? "all" : name] + row.values.map { $0.map { fixed($0, 4) } ?? "–" })
    }
    return table
  }

  /// Parameters that are one number.
  private func constants(_ map: CoefficientMap) -> Block.Table {
    var table = Block.Table(
      caption: "Parameters that are the same everywhere", header: ["parameter", "value"])
    for parameter in map.parameters where !isDrawn(parameter) {
      guard let value = parameter.rows.lazy.flatMap(\.values).compactMap(\.self).first else {
        continue
      }
      table.rows.append(.init(cells: [parameter.name, fixed(value, 4)]))
    }
    return table
  }

  // MARK: Methods

  private func methods(_ document: RecipeDocument) -> Block.Table {
    var table = Block.Table(
      caption: "Merge methods", header: ["layers", "method", "what it does"], wordColumns: 3)
    for (layers, method) in methodsByLayers(document) {
      table.rows.append(.init(cells: [layers, method.name, method.summary]))
    }
    return table
  }

  private func methodsByLayers(
    _ document: RecipeDocument
  ) -> [(layers: String, method: MethodDeclaration)] {
    guard case .slices(let slices) = document.output.assembly, document.stages.count > 1 else {
      return [("all", document.output.method)]
    }
    return slices.enumerated().compactMap { index, slice in
      guard let source = slice.sources.first, let stage = document.stage(for: source.model) else {
        return nil
      }
      var layers = "\(source.layers.lowerBound) to \(source.layers.upperBound - 1)"
      if index == 0 { layers = "embedding, " + layers }
      if index == slices.count - 1 { layers += ", final norm, head" }
      return (layers, document.stages[stage].method)
    }
  }

  // MARK: Second best

  /// What tells the best candidate from the next one.
  var changesSection: PageSection? {
    guard let space = report.space, let subject, let genome = subject.genome,
      let rival, let other = rival.candidate.genome,
      let changes = ParameterChanges(from: other, to: genome, in: space)
    else { return nil }
    let split = rival.split
    var table = Block.Table(
      caption: "Parameters that differ; the change is a share of the parameter's range",
      header: ["parameter", "candidate \(subject.id)", "candidate \(rival.candidate.id)", "change"])
    for change in changes.changes {
      table.rows.append(
        .init(cells: [
          change.name, change.first?.description ?? "not used",
          change.second?.description ?? "not used",
          change.share.map { signed($0 * 100, 1) + " %" } ?? "–",
        ]))
    }
    let scores = [subject, rival.candidate].map { candidate in
      "\(report.name(candidate)) has "
        + (report.figure(candidate.id, split).map(text) ?? "no score")
    }
    return PageSection(
      id: "second-best", title: "Best and second best",
      blocks: [
        .paragraph("On \(split.rawValue), \(scores.joined(separator: "; ")).")
      ]
        + (table.rows.isEmpty
          ? [.paragraph("Their parameters are the same.")] : [.table(table)]))
  }

  /// The next best finalist on validation, or before the end the next best candidate on search.
  private var rival: (candidate: Candidate, split: BenchmarkSplit)? {
    guard let subject else { return nil }
    let split: BenchmarkSplit = report.winner == nil ? .search : .validation
    let field =
      report.winner == nil
      ? report.snapshot.candidates.filter { $0.kind == .search && $0.status == .scored }
      : report.snapshot.finalists.compactMap { report.candidate($0.candidate) }
    return field.filter {
      $0.id != subject.id && $0.fingerprint != subject.fingerprint && $0.duplicateOf == nil
    }
    .compactMap { candidate in
      report.figure(candidate.id, split).map { (candidate: candidate, score: $0.value) }
    }
    .max { ($0.score, $1.candidate.id) < ($1.score, $0.candidate.id) }
    .map { ($0.candidate, split) }
  }

  // MARK: Recipe

  var recipeSection: PageSection? {
    guard let export = try? RecipeExport(report) else { return nil }
    var blocks: [Block] = []
    if let warning = export.warning {
      blocks.append(.warning(capitalised(warning)))
    }
    blocks += [
      .paragraph(
        "What `mergevolve export \(storeName)` writes; `mergevolve merge` makes a checkpoint of it, "
          + "and mergekit reads it too."),
      .source(export.text),
    ]
    return PageSection(id: "recipe", title: "Recipe", blocks: blocks)
  }
}
