import Diagnostics
import Documents
import Optimizers
import PopulationStore
import SearchSpaces

/// The `warm_start:` of a search file: an earlier search, or points that someone knows to be good.
public struct WarmStartSource: Sendable {
  enum Kind: Sendable {
    /// Absolute path of a store, and which share of its results counts.
    case store(String, share: Double)
    /// Values by parameter name.
    case points([YAMLMapping])
  }

  let kind: Kind
  let location: String

  /// Scores of merges are noisy, so more results count than the customary tenth.
  private static let usualShare = 0.25

  /// Reads `{store: PATH, share: 0.25}` or `{points: [{NAME: value, …}, …]}`; relative paths start from
  /// `folder`.
  init(_ node: YAMLNode, folder: String) throws(Diagnostic) {
    let mapping = try node.mapping("'warm_start'")
    try mapping.rejectUnknownKeys(known: ["store", "share", "points"])
    location = mapping.location
    let store = mapping.optional("store")
    guard let points = mapping.optional("points") else {
      guard let store else {
        throw mapping.problem(
          "says nothing to start from", fix: "add 'store: PATH' of an earlier search, or 'points'")
      }
      let share = try mapping.optional("share")?.double(in: 0.001...1) ?? Self.usualShare
      kind = .store(SearchConfiguration.absolute(try store.string(), in: folder), share: share)
      return
    }
    guard store == nil, mapping.optional("share") == nil else {
      throw mapping.problem("has both a store and points", fix: "keep one of them")
    }
    var list: [YAMLMapping] = []
    for point in try points.sequence() { list.append(try point.mapping("a point")) }
    guard !list.isEmpty else {
      throw points.problem("lists no point", fix: "list at least one, as {NAME: value, …}")
    }
    kind = .points(list)
  }

  /// What it says about `space`.
  ///
  /// Results of the earlier search count where both search the same numbers. Where it searched fewer,
  /// such as knots of what are layers now, its distribution is carried over.
  func warmStart(for space: SearchSpace) throws -> WarmStart {
    switch kind {
    case .points(let points):
      return .results(
        try points.map { WarmStart.Result(genome: try genome($0, in: space), score: 0) }, share: 1)
    case .store(let path, let share):
      let earlier = try EarlierSearch(path)
      let transfer = ParameterTransfer(from: earlier.space, to: space)
      guard !transfer.isEmpty else {
        throw Diagnostic(
          "the search in \(path) has no parameter in common with this one", at: location,
          fix: "start from a search over the same models and methods")
      }
      if transfer.isInterpolated, let learned = earlier.learned {
        return .distribution(learned.moved(by: transfer))
      }
      guard !earlier.results.isEmpty else {
        throw Diagnostic(
          "the search in \(path) has no results yet", at: location,
          fix: "let it finish a generation first")
      }
      return .results(
        earlier.results.map { .init(genome: transfer.genome($0.genome), score: $0.score) },
        share: share)
    }
  }

  /// The start of the space with the point's values in it; a name without an index means all points of
  /// its profile.
  private func genome(_ point: YAMLMapping, in space: SearchSpace) throws(Diagnostic) -> Genome {
    var values = space.start.values
    for entry in point.entries {
      let named = space.parameters.indices.filter { index in
        let name = space.parameters[index].name
        return name == entry.key || name.hasPrefix("\(entry.key)[")
      }
      guard !named.isEmpty else {
        throw unknownName(
          entry.key, noun: "parameter", known: labels(of: space), at: entry.value.location)
      }
      for index in named { values[index] = try value(entry.value, of: space.parameters[index]) }
    }
    let genome = Genome(values: values)
    try space.validate(genome, at: location)
    return genome
  }

  /// Names without the indices of a profile's points, each once.
  private func labels(of space: SearchSpace) -> [String] {
    var labels: [String] = []
    for parameter in space.parameters {
      let label = String(parameter.name.prefix { $0 != "[" })
      if !labels.contains(label) { labels.append(label) }
    }
    return labels
  }

  private func value(_ node: YAMLNode, of parameter: SearchParameter) throws(Diagnostic) -> Double {
    guard case .categorical(let choices, _) = parameter.kind else { return try node.double() }
    let name = try node.string()
    guard let choice = choices.firstIndex(of: name) else {
      throw unknownName(
        name, noun: "value of '\(parameter.name)'", known: choices, at: node.location)
    }
    return Double(choice)
  }
}

/// What a store tells another search: the space, its candidates' scores and the last distribution.
private struct EarlierSearch {
  let space: SearchSpace
  let results: [WarmStart.Result]
  /// nil: its algorithm has no distribution, or no generation was opened.
  let learned: SearchDistribution?

  init(_ path: String) throws {
    let store = try PopulationStore.open(path, for: .reading)
    let search = try store.search()
    guard let plan = search.plan else {
      throw Diagnostic(
        "the search has not planned anything yet", at: path,
        fix: "let it finish its baselines first")
    }
    space = try decodeJSON(SearchSpace.self, plan.space, at: "\(path): plan.space")
    // By fingerprint, since a candidate that repeats an earlier one has its result.
    var scores: [UInt64: Double] = [:]
    let candidates = try store.candidates(.kind(.search))
    let fingerprints = Dictionary(uniqueKeysWithValues: candidates.map { ($0.id, $0.fingerprint) })
    for evaluation in try store.evaluations(split: .search)
    where evaluation.isComplete && evaluation.key.precision == search.precision
      && evaluation.key.decode == search.decode
    {
      if let fingerprint = fingerprints[evaluation.key.candidate] {
        scores[fingerprint] = evaluation.score
      }
    }
    results = candidates.compactMap { candidate in
      guard candidate.duplicateOf == nil, let genome = candidate.genome,
        let score = scores[candidate.fingerprint]
      else { return nil }
      return WarmStart.Result(genome: genome, score: score)
    }
    guard let last = try store.generations().last, let state = last.state else {
      learned = nil
      return
    }
    var optimizer = try decodeJSON(
      AnyOptimizer.self, String(decoding: state, as: UTF8.self), at: path)
    if last.outcome != .open, optimizer.learned != nil {
      for candidate in candidates {
        guard let proposal = candidate.proposal, proposal.run == last.run,
          proposal.generation == last.number
        else { continue }
        let score = scores[candidate.fingerprint]
        try optimizer.tell(
          .init(run: proposal.run, generation: proposal.generation, index: proposal.index),
          score.map { .scores([$0]) } ?? .invalid)
      }
    }
    learned = optimizer.learned
  }
}
