import Kernels

/// Which requests are decoded together, and in which rows of the key-value table.
///
/// Prompts share what they have in common. Requests enter in the order in which a walk over the forest of
/// prompts meets them, as soon as there is room, and leave when they end: so the shared rows that wait for
/// later requests always belong to the next one.
struct GenerationSchedule {
  /// A step's tokens and what is to be read from their logits.
  struct Step {
    var rows = ForwardRows()
    /// Row of the key-value table of each row of the step.
    var tableRows: [Int] = []
    /// Rows of the step whose most likely next token is wanted, ascending.
    var wanted: [Int] = []
    /// Who wants it, one for each of `wanted`.
    var readers: [Reader] = []
  }

  enum Reader {
    /// All requests whose prompt ends at the node.
    case node(Int)
    case request(Int)
  }

  private struct Active {
    var tokens: [Int]
    var visible: VisibleRows
    /// Rows for the tokens to come.
    var spare: ArraySlice<Int>
    var taken: [Int]
    /// A token that is chosen and not computed yet.
    var pending: Int?
  }

  let requests: [GenerationRequest]
  private(set) var responses: [GenerationResponse?]
  private let forest: TokenForest
  private let paths: [[Int]]
  /// Requests that have to be decoded, in order of the walk.
  private var waiting: ArraySlice<Int> = []
  private var active: [Int: Active] = [:]
  private var table: TableRows
  private var rowOfNode: [Int: Int] = [:]
  /// The most likely token after nodes at which prompts end.
  private var bestAfterNode: [Int: Int] = [:]
  private var endsHere: Set<Int> = []
  /// Requests that are not done and whose path goes through the node.
  private var users: [Int]
  /// Rows of the table that are needed at most.
  let tableRowCount: Int
  /// Prompt tokens that one step takes, unless a single prompt has more.
  private let promptTokensPerStep: Int

  /// Enough for every worker to have several blocks of rows.
  static func promptTokens(threads: Int) -> Int { 512 * threads }

  /// - Parameters:
  ///   - requests: With at least one token in prompt and accepted tokens each.
  ///   - room: Rows of the key-value table that fit into memory.
  ///   - promptTokensPerStep: How much is computed between two tokens of a request under way.
  init(_ requests: [GenerationRequest], room: Int, promptTokensPerStep: Int) {
    self.requests = requests
    self.promptTokensPerStep = promptTokensPerStep
    let responses = requests.map { request in
      request.ending(of: request.accepted).map {
        GenerationResponse(tokens: request.accepted, ending: $0)
      }
    }
    var prompts = TokenForest()
    var paths: [[Int]] = []
    for (index, request) in requests.enumerated() {
      paths.append(
        responses[index] == nil ? prompts.insertPath(request.prompt + request.accepted) : [])
    }
    var order = [Int](repeating: 0, count: prompts.nodes.count)
    for (place, node) in prompts.preorder.enumerated() { order[Int(node)] = place }
    var users = [Int](repeating: 0, count: prompts.nodes.count)
    for path in paths { for node in path { users[node] += 1 } }
    let open = requests.indices.filter { responses[$0] == nil }
    let places = open.map { (order[paths[$0][paths[$0].count - 1]], $0) }
    waiting = places.sorted { $0 < $1 }.map(\.1)[...]
    endsHere = Set(open.map { paths[$0][paths[$0].count - 1] })
    let needs = open.map { paths[$0].count + Self.rowsToCome(requests[$0]) }
    let nodeCount = prompts.nodes.count
    let all = nodeCount + open.reduce(0) { $0 + Self.rowsToCome(requests[$1]) }
    tableRowCount = min(all, max(room, needs.max() ?? 0))
    table = TableRows(count: tableRowCount)
    self.responses = responses
    forest = prompts
    self.paths = paths
    self.users = users
  }

  /// Generated tokens that are computed: all but the last, whose successor nobody asks for.
  private static func rowsToCome(_ request: GenerationRequest) -> Int {
    max(0, request.limit - request.accepted.count - 1)
  }

  /// The next step; nil when all requests have ended.
  mutating func next() -> Step? {
    while true {
      var step = Step()
      for index in active.keys.sorted() { addToken(of: index, to: &step) }
      while let index = waiting.first, admit(index, to: &step) { waiting.removeFirst() }
      if step.rows.count > 0 { return step }
      if active.isEmpty, waiting.isEmpty { return nil }
    }
  }

  /// Takes note of the most likely tokens that a step asked for.
  mutating func take(_ best: [Int], of step: Step) {
    for (reader, token) in zip(step.readers, best) {
      switch reader {
      case .request(let index): extend(index, with: token)
      case .node(let node): bestAfterNode[node] = token
      }
    }
    for index in active.keys.sorted() {
      guard let entry = active[index], entry.tokens.count == requests[index].accepted.count,
        entry.pending == nil, let best = bestAfterNode[paths[index][paths[index].count - 1]]
      else { continue }
      extend(index, with: best)
    }
  }

  // MARK: Steps

  private mutating func addToken(of index: Int, to step: inout Step) {
    guard var entry = active[index], let token = entry.pending, let row = entry.spare.popFirst()
    else { return }
    entry.pending = nil
    entry.visible.append(row)
    active[index] = entry
    let position = paths[index].count + entry.tokens.count - requests[index].accepted.count - 1
    step.wanted.append(step.rows.count)
    step.readers.append(.request(index))
    step.append(token: Int32(token), position: position, tableRow: row, visible: entry.visible)
  }

  /// Lets a request in if there is room, and adds the tokens of its prompt that are not computed yet.
  private mutating func admit(_ index: Int, to step: inout Step) -> Bool {
    let path = paths[index]
    let new = path.filter { rowOfNode[$0] == nil }
    let isFull = step.rows.count > 0 && step.rows.count + new.count > promptTokensPerStep
    guard new.isEmpty || !isFull,
      let rows = table.take(new.count + Self.rowsToCome(requests[index]))
    else { return false }
    for (node, row) in zip(new, rows) { rowOfNode[node] = row }
    var visible = VisibleRows()
    let known = path.count - new.count
    for (position, node) in path.enumerated() {
      guard let row = rowOfNode[node] else { continue }
      visible.append(row)
      guard position >= known else { continue }
      if endsHere.contains(node) {
        step.wanted.append(step.rows.count)
        step.readers.append(.node(node))
      }
      step.append(
        token: forest.nodes[node].token, position: position, tableRow: row, visible: visible)
    }
    let spare = Array(rows.dropFirst(new.count))
    active[index] = Active(
      tokens: requests[index].accepted, visible: visible, spare: spare[...],
      taken: spare, pending: nil)
    if new.isEmpty, let best = bestAfterNode[path[path.count - 1]] { extend(index, with: best) }
    return true
  }

  /// Appends a token to a request's text, which may end with it.
  private mutating func extend(_ index: Int, with token: Int) {
    guard var entry = active[index] else { return }
    entry.tokens.append(token)
    if let ending = requests[index].ending(of: entry.tokens) {
      responses[index] = GenerationResponse(tokens: entry.tokens, ending: ending)
      active[index] = nil
      table.give(entry.taken)
      release(paths[index])
    } else {
      entry.pending = token
      active[index] = entry
    }
  }

  /// Frees the rows of a path that no other request needs.
  private mutating func release(_ path: [Int]) {
    var rows: [Int] = []
    for node in path {
      users[node] -= 1
      if users[node] == 0, let row = rowOfNode.removeValue(forKey: node) {
        rows.append(row)
        bestAfterNode[node] = nil
      }
    }
    table.give(rows)
  }
}

extension GenerationSchedule.Step {
  /// Adds a token that sees the rows `visible`, of which the last is its own.
  fileprivate mutating func append(
    token: Int32, position: Int, tableRow: Int, visible: VisibleRows
  ) {
    let row = rows.count
    rows.tokens.append(token)
    rows.positions.append(Int32(position))
    tableRows.append(tableRow)
    let first = rows.ranges.count
    rows.ranges += visible.ranges.dropLast()
    guard let last = visible.ranges.last else { return }
    rows.segments.append(
      ForwardRows.Segment(
        rows: row..<row + 1, prefix: first..<rows.ranges.count, keyStart: Int(last.start),
        keysBefore: Int(last.count) - 1))
  }
}
