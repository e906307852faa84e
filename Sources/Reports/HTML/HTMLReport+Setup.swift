import PopulationStore
import SearchSpaces

extension HTMLReport {
  /// What was searched, with what.
  var setupSection: PageSection? {
    let search = report.snapshot.search
    var models = Block.Table(
      caption: "Parents", header: ["name", "role", "path"], wordColumns: 3)
    models.rows = search.models.map {
      .init(cells: [$0.name, $0.isBase ? "base" : "expert", $0.path])
    }
    var tasks = Block.Table(
      caption: "Tasks; the score is Σ weight · metric / Σ weight",
      header: ["task", "metric", "file", "weight"], wordColumns: 3)
    tasks.rows = search.tasks.map {
      .init(cells: [$0.name, $0.metric, $0.path, short($0.weight, 4)])
    }
    return PageSection(
      id: "setup", title: "Setup",
      blocks: [.table(plan), .table(models), .table(tasks)] + parameters)
  }

  private var plan: Block.Table {
    let search = report.snapshot.search
    var rows: [[String]] = [["seed", "\(search.seed)"]]
    if let plan = search.plan {
      rows.append(["algorithm", plan.algorithm])
      if let covariance = plan.covariance { rows.append(["covariance", covariance]) }
      rows.append(["candidates of a generation", "\(plan.population)"])
      rows.append(["racing", plan.racing ? "yes" : "no"])
    }
    if let space = report.space { rows.append(["parameters", "\(space.parameters.count)"]) }
    for (index, budget) in search.budgets.enumerated() {
      var words = budget.evaluations.map { ["\($0) evaluations"] } ?? []
      if let limit = budget.timeLimit { words.append("at most \(duration(limit))") }
      if budget.reserve > 0 { words.append("\(short(budget.reserve, 1)) reserved for finalists") }
      rows.append([
        index == 0 ? "budget" : "budget, extension \(index)", words.joined(separator: ", "),
      ])
    }
    rows.append(["search scores", report.words(report.searching)])
    rows.append(["validation and test scores", report.words(report.judging)])
    rows.append(["looks at the test questions", "\(report.snapshot.testLooks.count)"])
    return Block.Table(
      caption: "Search", header: ["setting", "value"], wordColumns: 2,
      rows: rows.map { .init(cells: $0) })
  }

  private var parameters: [Block] {
    guard let space = report.space, !space.parameters.isEmpty else { return [] }
    var table = Block.Table(
      caption: "Search space", header: ["parameter", "values", "start"], wordColumns: 2)
    for parameter in space.parameters {
      let (values, start): (String, String) =
        switch parameter.kind {
        case .real(let range, let start, _):
          (
            range.map { "\(short($0.lowerBound, 6)) to \(short($0.upperBound, 6))" }
              ?? "any number",
            short(start, 6)
          )
        case .integer(let range, let start, _):
          ("\(range.lowerBound) to \(range.upperBound)", short(start, 6))
        case .categorical(let choices, _): (choices.joined(separator: ", "), "–")
        }
      table.rows.append(.init(cells: [parameter.name, values, start]))
    }
    return [.details(summary: counted(space.parameters.count, "parameter"), [.table(table)])]
  }
}
