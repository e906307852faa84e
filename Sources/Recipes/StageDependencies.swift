import Diagnostics

/// Which stages of a document use which others.
struct StageDependencies {
  /// For each stage the stages that it uses.
  let uses: [[Int]]
  let output: Int
  private let names: [String]

  /// - Throws: ``Diagnostic`` for names that clash and if the output is not clear.
  init(_ stages: [Recipe], location: String) throws(Diagnostic) {
    names = stages.enumerated().map { $1.name ?? "\($0 + 1)" }
    var indices: [String: Int] = [:]
    for (index, stage) in stages.enumerated() {
      guard let name = stage.name else { continue }
      if indices.updateValue(index, forKey: name) != nil {
        throw Diagnostic(
          "two stages have the name '\(name)'", at: location, fix: "give each its own name")
      }
    }
    guard stages.count > 1 else {
      uses = [[]]
      output = 0
      return
    }
    let uses = stages.map { stage in
      stage.models.compactMap { $0.revision == nil ? indices[$0.path] : nil }
    }
    self.uses = uses
    output = try Self.output(of: stages, uses: uses, location: location)
  }

  private static func output(
    of stages: [Recipe], uses: [[Int]], location: String
  ) throws(Diagnostic) -> Int {
    let unnamed = stages.indices.filter { stages[$0].name == nil }
    if unnamed.count > 1 {
      throw Diagnostic(
        "\(unnamed.count) stages have no name, so it is not clear which one makes the output",
        at: location, fix: "add 'name: …' to all of them but the last")
    }
    if let output = unnamed.first { return output }
    let used = Set(uses.joined())
    let unused = stages.indices.filter { !used.contains($0) }
    guard unused.count == 1 else {
      throw Diagnostic(
        "all stages have names, so it is not clear which one makes the output", at: location,
        fix: "remove 'name' from the stage that makes the output")
    }
    return unused[0]
  }

  /// The output's needs, deepest first.
  ///
  /// - Throws: ``Diagnostic`` that names the stages of a circle.
  func order(at location: String) throws(Diagnostic) -> [Int] {
    var order: [Int] = []
    var isDone = Array(repeating: false, count: uses.count)
    /// The way from the output to the stage being visited, with the next use to look at.
    var path = [(stage: output, next: 0)]
    while let (stage, next) = path.last {
      guard next < uses[stage].count else {
        isDone[stage] = true
        order.append(stage)
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 1
      let used = uses[stage][next]
      if isDone[used] { continue }
      if let start = path.firstIndex(where: { $0.stage == used }) {
        let circle = path[start...].map { names[$0.stage] } + [names[used]]
        throw Diagnostic(
          "stages use each other in a circle: \(circle.joined(separator: " → "))", at: location,
          fix: "let each stage use only models and stages that do not need it")
      }
      path.append((used, 0))
    }
    return order
  }
}
