/// Token sequences merged by their prefixes, and the tokens whose probabilities are asked for.
///
/// Each distinct prefix is computed once, however many sequences share it.
public struct TokenForest: Sendable {
  struct Node: Sendable {
    let token: Int32
    /// -1 for the first token of a sequence.
    let parent: Int32
    /// Distance from the start of the sequence.
    let position: Int32
    var firstChild: Int32 = -1
    var lastChild: Int32 = -1
    var nextSibling: Int32 = -1
  }

  /// log P(token | path to node).
  struct Probe: Sendable {
    let node: Int32
    let token: Int32
  }

  private struct Edge: Hashable {
    let node: Int32
    let token: Int32
  }

  private(set) var nodes: [Node] = []
  private(set) var roots: [Int32] = []
  private(set) var probes: [Probe] = []
  /// Tokens of the longest path that is computed.
  private(set) var depth = 0
  /// The ids that occur, scored ones included.
  private(set) var tokenRange: ClosedRange<Int>?
  private var children: [Edge: Int32] = [:]
  private var probeIDs: [Edge: Int] = [:]

  /// Tokens of all inserted sequences that a model without shared prefixes would have to compute.
  public private(set) var requestedTokenCount = 0
  /// Distinct prefixes: the tokens that are computed.
  public var tokenCount: Int { nodes.count }
  /// Distinct pairs of a prefix and a token to be scored after it.
  public var probeCount: Int { probes.count }

  public init() {}

  /// Adds a sequence, and asks for log P(tokens[i] | tokens[..<i]) for every i in `scoring`.
  ///
  /// - Precondition: `scoring` lies within `1..<tokens.count + 1`: the first token has no probability.
  /// - Returns: One probe per scored token; equal questions share a probe.
  public mutating func insert(_ tokens: [Int], scoring: Range<Int>) -> [Int] {
    precondition(
      scoring.isEmpty || scoring.lowerBound >= 1 && scoring.upperBound <= tokens.count,
      "scoring \(scoring) of \(tokens.count) tokens")
    guard !scoring.isEmpty else { return [] }
    let path = insertPath(tokens[..<(scoring.upperBound - 1)])
    return scoring.map { index in
      note(tokens[index])
      let edge = Edge(node: Int32(path[index - 1]), token: Int32(clamping: tokens[index]))
      if let known = probeIDs[edge] { return known }
      probes.append(Probe(node: edge.node, token: edge.token))
      probeIDs[edge] = probes.count - 1
      return probes.count - 1
    }
  }

  /// Adds a sequence all of whose tokens are computed, and returns the node of each.
  mutating func insertPath(_ tokens: some Collection<Int>) -> [Int] {
    requestedTokenCount += tokens.count
    depth = max(depth, tokens.count)
    var path: [Int] = []
    path.reserveCapacity(tokens.count)
    var parent: Int32 = -1
    for token in tokens {
      note(token)
      parent = child(of: parent, token: Int32(clamping: token))
      path.append(Int(parent))
    }
    return path
  }

  private mutating func child(of parent: Int32, token: Int32) -> Int32 {
    let edge = Edge(node: parent, token: token)
    if let known = children[edge] { return known }
    let node = Int32(nodes.count)
    children[edge] = node
    guard parent >= 0 else {
      nodes.append(Node(token: token, parent: -1, position: 0))
      roots.append(node)
      return node
    }
    nodes.append(Node(token: token, parent: parent, position: nodes[Int(parent)].position + 1))
    let previous = nodes[Int(parent)].lastChild
    if previous >= 0 {
      nodes[Int(previous)].nextSibling = node
    } else {
      nodes[Int(parent)].firstChild = node
    }
    nodes[Int(parent)].lastChild = node
    return node
  }

  private mutating func note(_ token: Int) {
    guard let range = tokenRange else {
      tokenRange = token...token
      return
    }
    if !range.contains(token) {
      tokenRange = min(range.lowerBound, token)...max(range.upperBound, token)
    }
  }

  /// All nodes, each followed by the paths below it: a path without branches is contiguous.
  var preorder: [Int32] {
    var order: [Int32] = []
    order.reserveCapacity(nodes.count)
    for root in roots {
      var pending = [root]
      while let node = pending.popLast() {
        order.append(node)
        let start = pending.count
        var child = nodes[Int(node)].firstChild
        while child >= 0 {
          pending.append(child)
          child = nodes[Int(child)].nextSibling
        }
        pending[start...].reverse()
      }
    }
    return order
  }
}
