import Diagnostics
import Recipes

/// What a recipe's parameters are at every depth, resolved as a merge resolves them.
struct CoefficientMap: Sendable, Hashable {
  /// A parameter of one model, or of all, for one group of tensors.
  struct Row: Sendable, Hashable {
    /// The user's name of the model; nil for a parameter of the whole recipe.
    var model: String?
    /// The filters on tensor names that make the group; empty for everything that no filter names.
    var filters: [String]
    /// One per column; nil where the row has no value.
    var values: [Double?]
  }

  struct Parameter: Sendable, Hashable {
    var name: String
    var rows: [Row]
  }

  /// Embedding, the layers, final norm and head.
  let columns: [String]
  /// Whether the columns between the first and the last are layers; else they are points of depth.
  let knowsLayers: Bool
  let parameters: [Parameter]

  /// - Parameters:
  ///   - document: A recipe that a search emitted.
  ///   - layers: Depth of the models; nil takes the points of the longest gradient instead.
  ///   - name: The user's name of a model.
  /// - Throws: ``Diagnostic`` if the recipe does not fit such models.
  init(
    _ document: RecipeDocument, layers: Int?, name: (ModelReference) -> String
  ) throws(Diagnostic) {
    let outline = try StageLayouts(document, layers: layers)
    let depth = outline.layerCount
    knowsLayers = outline.knowsLayers
    columns =
      ["embedding"]
      + (0..<depth).map { layer in
        outline.knowsLayers
          ? "\(layer)" : "\(fixed(100 * Double(layer) / Double(max(1, depth - 1)), 0)) %"
      } + ["final"]
    var table = RowTable(columns: depth + 2)
    let places = [.before] + (0..<depth).map(RecipeLayout.Place.layer) + [.after]
    for (column, place) in places.enumerated() {
      let (stage, inner) = outline.stage(at: place)
      let filters = StageFilters(document.stages[stage])
      for group in filters.groups(at: place) {
        try table.add(
          outline.layouts[stage], at: inner, group, column: column, isLayer: place.isLayer,
          name: name)
      }
    }
    parameters = table.parameters
  }
}

extension RecipeLayout.Place {
  fileprivate var isLayer: Bool { if case .layer = self { true } else { false } }
}

/// The layouts of a document's stages over models of one depth.
private struct StageLayouts {
  var layouts: [Int: RecipeLayout] = [:]
  let layerCount: Int
  let knowsLayers: Bool
  private let document: RecipeDocument

  init(_ document: RecipeDocument, layers: Int?) throws(Diagnostic) {
    self.document = document
    let written = document.stages.compactMap(Self.depthOfSlices).max()
    let known = layers ?? written
    knowsLayers = known != nil
    let assumed = known ?? document.stages.map { StageFilters($0).longestGradient }.max() ?? 1
    for index in document.order {
      let finished = layouts
      layouts[index] = try RecipeLayout(
        document.stages[index], location: document.location(ofStage: index)
      ) { model throws(Diagnostic) in
        document.stage(for: model).flatMap { finished[$0]?.layerCount } ?? assumed
      }
    }
    layerCount = layouts[document.outputIndex]?.layerCount ?? assumed
  }

  private static func depthOfSlices(_ recipe: Recipe) -> Int? {
    guard case .slices(let slices) = recipe.assembly else { return nil }
    return slices.flatMap(\.sources).map(\.layers.upperBound).max()
  }

  /// The stage that merges a place of the output, and the place in that stage.
  func stage(at place: RecipeLayout.Place) -> (stage: Int, place: RecipeLayout.Place) {
    var stage = document.outputIndex
    var place = place
    // A stage that only passes tensors on leads to the stage that they come from.
    while let layout = layouts[stage], layout.method == .passthrough {
      let site = layout.site(of: place)
      guard let input = site.inputs.first, let next = document.stage(for: input.model) else {
        break
      }
      if let layer = input.layer { place = .layer(layer) }
      stage = next
    }
    return (stage, place)
  }
}

/// The groups of tensors that the filters of a stage tell apart.
private struct StageFilters {
  /// Filters of groups within layers, in the order of the recipe.
  private(set) var components: [String] = []
  /// Filters of final norm and head: constants beside a gradient, as searches write them.
  private(set) var final: [String] = []
  private(set) var longestGradient = 1

  /// Tensors with one name that the filters see.
  struct Group {
    var filters: [String]
    /// Contains the filters of this group and of no other.
    var tensor: String
  }

  init(_ recipe: Recipe) {
    var levels = [recipe.parameters]
    if let module = recipe.moduleParameters { levels.append(module) }
    switch recipe.assembly {
    case .models(let inputs): levels += inputs.map(\.parameters)
    case .slices(let slices):
      levels += slices.flatMap { slice in [slice.parameters] + slice.sources.map(\.parameters) }
    }
    for level in levels {
      for name in level.names {
        if let setting = level[name] { add(setting) }
      }
    }
  }

  private mutating func add(_ setting: ParameterSetting) {
    let last = setting.clauses.last?.curve.scalars.count ?? 1
    for clause in setting.clauses {
      longestGradient = max(longestGradient, clause.curve.scalars.count)
      guard let filter = clause.filter else { continue }
      if clause.curve.scalars.count == 1, last > 1 {
        if !final.contains(filter) { final.append(filter) }
      } else if !components.contains(filter) {
        components.append(filter)
      }
    }
  }

  /// A name that no filter matches.
  private static let rest = "\u{0}"

  func groups(at place: RecipeLayout.Place) -> [Group] {
    switch place {
    case .before: [Group(filters: [], tensor: Self.rest)]
    case .after: [Group(filters: [], tensor: final.first ?? Self.rest)]
    case .layer:
      components.map { Group(filters: [$0], tensor: $0) } + [Group(filters: [], tensor: Self.rest)]
    }
  }
}

/// Collects values column by column into rows.
private struct RowTable {
  let columns: Int
  private var rows: [String: [CoefficientMap.Row]] = [:]
  /// Parameters in the order of their first value.
  private var names: [String] = []

  init(columns: Int) { self.columns = columns }

  mutating func add(
    _ layout: RecipeLayout?, at place: RecipeLayout.Place, _ group: StageFilters.Group,
    column: Int, isLayer: Bool, name: (ModelReference) -> String
  ) throws(Diagnostic) {
    guard let layout else { return }
    let site = layout.site(of: place)
    let values = try layout.values(
      at: site, output: group.tensor, inputs: site.inputs.map { _ in group.tensor })
    for spec in layout.method.parameters where spec.kind == .real {
      if spec.isPerModel {
        let inputs = site.inputs.indices.filter { spec.scope == .perInput || $0 != site.base }
        for (input, value) in zip(inputs, try values.optionalPerModel(spec.name)) {
          set(
            spec.name.rawValue, name(site.inputs[input].model), group.filters, column, to: value)
        }
      } else if let value = try? values.real(spec.name) {
        set(spec.name.rawValue, nil, group.filters, column, to: value)
      }
    }
  }

  private mutating func set(
    _ parameter: String, _ model: String?, _ filters: [String], _ column: Int, to value: Double?
  ) {
    if rows[parameter] == nil { names.append(parameter) }
    var list = rows[parameter] ?? []
    if let index = list.firstIndex(where: { $0.model == model && $0.filters == filters }) {
      list[index].values[column] = value
    } else {
      var values = [Double?](repeating: nil, count: columns)
      values[column] = value
      list.append(.init(model: model, filters: filters, values: values))
    }
    rows[parameter] = list
  }

  var parameters: [CoefficientMap.Parameter] {
    names.map { CoefficientMap.Parameter(name: $0, rows: Self.grouped(rows[$0] ?? [])) }
  }

  /// Rows by model in the order of the recipe; groups of one model with equal values become one row.
  private static func grouped(_ rows: [CoefficientMap.Row]) -> [CoefficientMap.Row] {
    var models: [String?] = []
    for row in rows where !models.contains(row.model) { models.append(row.model) }
    return models.flatMap { model -> [CoefficientMap.Row] in
      let own = rows.filter { $0.model == model }
      let rest = own.filter(\.filters.isEmpty)
      var result: [CoefficientMap.Row] = []
      for row in own where !row.filters.isEmpty {
        if rest.contains(where: { agrees(row, with: $0) }) { continue }
        if let index = result.firstIndex(where: { $0.values == row.values }) {
          result[index].filters += row.filters
        } else {
          result.append(row)
        }
      }
      return result + rest
    }
  }

  /// Whether a row says nothing that the rest of the model's tensors does not say too.
  private static func agrees(_ row: CoefficientMap.Row, with rest: CoefficientMap.Row) -> Bool {
    zip(row.values, rest.values).allSatisfy { $0 == nil || $0 == $1 }
  }
}
