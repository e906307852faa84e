import Checkpoints
import Diagnostics
import Documents
import Evaluation
import Foundation
import Inference
import Kernels
import MergeEngine
import PopulationStore
import Randomness
import Recipes
import SearchSpaces
import Tasks

extension SearchInputs {
  /// Everything that is written when the checks have passed.
  func newSearch(configuration text: String) throws -> NewSearch {
    let evaluations = configuration.evaluations
    return NewSearch(
      name: configuration.name, configuration: text, seed: configuration.seed,
      bootstrapSeed: SplitMix64.output(configuration.seed), precision: engine.precision.rawValue,
      decode: DecodeMode.never.rawValue,
      models: try Self.storedModels(
        hasBase ? base : nil, experts, on: pool),
      tasks: try storedTasks(),
      benchmarks: try storedBenchmarks(),
      budget: evaluations.map(budget(evaluations:))
        ?? Budget(evaluations: nil, timeLimit: configuration.timeLimit),
      plan: evaluations == nil ? nil : try plan(), baselines: baselines())
  }

  private func baselines() -> [NewCandidate] {
    func parent(_ kind: Candidate.Kind, _ name: String) -> NewCandidate {
      NewCandidate(kind: kind, name: name, fingerprint: fnv1a64("parent/\(name)".utf8))
    }
    return (hasBase ? [parent(.base, SearchConfiguration.baseName)] : [])
      + experts.map { parent(.expert, $0.name) }
      + simpleMerges.map { merge in
        let text = merge.document.yaml
        return NewCandidate(
          kind: .simple, name: merge.name, recipe: text, fingerprint: fnv1a64(text.utf8))
      }
  }

  /// The family with the fingerprints of its contents.
  static func storedModels(
    _ base: OpenModel?, _ experts: [Expert], on pool: WorkerPool
  ) throws -> [StoredModel] {
    let named =
      (base.map { [(SearchConfiguration.baseName, $0, true)] } ?? [])
      + experts.map { ($0.name, $0.model, false) }
    return try named.map { name, model, isBase in
      StoredModel(
        name: name, isBase: isBase, path: absolutePath(of: model),
        fingerprint: try canonicalJSON(try model.checkpoint.fingerprint(on: pool)))
    }
  }

  private func storedTasks() throws -> [StoredTask] {
    try zip(tasks, configuration.tasks).map { task, listed in
      StoredTask(
        name: task.name, weight: listed.weight,
        metric: task.objective(decoding: .always).name.rawValue,
        path: listed.path, fingerprint: try canonicalJSON(try fingerprint(ofFile: listed.path)))
    }
  }

  private func storedBenchmarks() throws -> [StoredBenchmark] {
    try tasks.enumerated().flatMap { index, task in
      try Split.allCases.map { split in
        StoredBenchmark(
          task: task.name, split: BenchmarkSplit(split),
          path: task.files.last.map(absolutePath) ?? "",
          fingerprint: try task.files.map { try fingerprint(ofFile: $0).digest }
            .joined(separator: " "),
          requestedTokens: prepared[BenchmarkSplit(split)].tasks[index].requestedTokens,
          items: try task.items(in: split).map { StoredBenchmark.Item(id: $0.id, block: 0) })
      }
    }
  }

  private func absolutePath(_ path: String) -> String {
    SearchConfiguration.absolute(path, in: Search.currentFolder)
  }

  private func fingerprint(ofFile path: String) throws -> ContentFingerprint {
    let url = URL(fileURLWithPath: absolutePath(path))
    return try ContentFingerprint(
      of: [url.lastPathComponent], in: url.deletingLastPathComponent().path, on: pool)
  }

  /// Refuses to go on with models or benchmarks that are no longer what they were.
  ///
  /// - Throws: `DiagnosticList` with all that changed.
  func refuseChanges(
    against search: StoredSearch, benchmarks: [StoredBenchmark], at location: String
  ) throws {
    var problems: [Diagnostic] = []
    let named =
      (hasBase ? [(SearchConfiguration.baseName, base)] : []) + experts.map { ($0.name, $0.model) }
    for (name, model) in named {
      guard let stored = search.models.first(where: { $0.name == name }) else { continue }
      let then = try decodeJSON(
        ContentFingerprint.self, stored.fingerprint, at: "\(location): model.fingerprint")
      if then.isUntouched(in: model.checkpoint.path) { continue }
      let now = try model.checkpoint.fingerprint(on: pool)
      guard now.digest != then.digest else { continue }
      let files = then.changes(to: now).joined(separator: ", ")
      problems.append(
        Diagnostic(
          "model '\(name)' has changed since the search began: \(files)",
          at: model.checkpoint.path,
          fix: "bring the old files back (--models \(name)=PATH says where), or start a new search")
      )
    }
    let present = try storedBenchmarks()
    for stored in benchmarks {
      let match = present.first { $0.task == stored.task && $0.split == stored.split }
      guard let match, match.fingerprint == stored.fingerprint,
        match.items.map(\.id) == stored.items.map(\.id)
      else {
        problems.append(
          Diagnostic(
            "the \(stored.split.rawValue) items of task '\(stored.task)' have changed since the "
              + "search began",
            at: stored.path, fix: "bring the old files back, or start a new search"))
        continue
      }
    }
    if !problems.isEmpty { throw DiagnosticList(problems) }
  }
}
