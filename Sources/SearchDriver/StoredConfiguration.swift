import Diagnostics
import PopulationStore

/// The search file as a store keeps it: enough to read it again, and to tell one search from another.
struct StoredConfiguration: Codable {
  /// The file's text and name, and the folder that its relative paths start from.
  var file: String
  var folder: String
  var yaml: String
  /// What the command line changed.
  var evaluations: Int?
  var seed: UInt64
  /// Folder of the task files that a genome of mergekit-evolve names.
  var tasks: String?

  init(_ configuration: SearchConfiguration) {
    file = configuration.file
    folder = configuration.folder
    yaml = configuration.text
    evaluations = configuration.evaluations
    seed = configuration.seed
    tasks = configuration.taskFolder
  }

  init(_ text: String, at location: String) throws(Diagnostic) {
    self = try decodeJSON(StoredConfiguration.self, text, at: location)
  }

  /// Canonical JSON.
  var text: String { get throws(Diagnostic) { try canonicalJSON(self) } }

  func configuration(store: String, threads: Int?) throws -> SearchConfiguration {
    try SearchConfiguration.parse(
      text: yaml, file: file, folder: folder,
      overrides: SearchOverrides(
        store: store, evaluations: evaluations, seed: seed, threads: threads,
        tasks: tasks))
  }
}

extension SearchConfiguration {
  /// Points the models to where the store says they are, or to where the user says they are now.
  mutating func place(models: [StoredModel], relocations: [String: String]) {
    for model in models {
      let path =
        relocations[model.name].map { Self.absolute($0, in: Search.currentFolder) } ?? model.path
      if model.isBase {
        self.models?.base.reference = path
        self.models?.base.revision = nil
      } else if let index = self.models?.experts.firstIndex(where: { $0.name == model.name }) {
        self.models?.experts[index].reference = path
        self.models?.experts[index].revision = nil
      }
    }
    if let models = self.models, !models.hasBase, let first = models.experts.first {
      self.models?.base.reference = first.reference
      self.models?.base.revision = nil
    }
  }
}
