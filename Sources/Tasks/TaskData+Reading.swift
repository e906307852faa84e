import Diagnostics
import Documents
import Foundation

extension TaskData {
  init(_ document: TaskDocument) throws(Diagnostic) {
    let own = try document.value("data")
    let splits = try document.value("splits")
    if let splits, try Self.namesFiles(splits) {
      if let own {
        throw own.problem(
          "'data' and files under 'splits' exclude each other", fix: "remove 'data'")
      }
      self = .separate(try Self.files(splits))
      return
    }
    var fractions = SplitFractions.standard
    if let splits { fractions = try Self.fractions(splits) }
    if let own {
      self = .pooled(try own.paths(), fractions)
      return
    }
    guard let foreign = try HarnessData(document) else {
      throw document.missing(
        "the task names no data", fix: "add 'data: FILE.jsonl', or files under 'splits'")
    }
    self = .pooled(try foreign.evaluatedFiles(document), fractions)
  }

  /// Whether the splits are files, not fractions.
  private static func namesFiles(_ node: YAMLNode) throws(Diagnostic) -> Bool {
    let mapping = try node.mapping("'splits'")
    try mapping.rejectUnknownKeys(known: Split.allCases.map(\.rawValue), noun: "split")
    guard let first = mapping.entries.first else {
      throw node.problem(
        "'splits' names no split", fix: "write {search: 0.5, validation: 0.2, test: 0.3}")
    }
    return first.value.scalar?.double == nil
  }

  private static func files(_ node: YAMLNode) throws(Diagnostic) -> [Split: [String]] {
    let mapping = try node.mapping("'splits'")
    var files: [Split: [String]] = [:]
    var owners: [String: Split] = [:]
    for split in Split.allCases {
      for element in mapping.optional(split.rawValue)?.elements ?? [] {
        guard element.scalar?.double == nil else {
          throw element.problem(
            "the splits are partly files and partly fractions", fix: "write three files or numbers")
        }
        let path = TaskDocument.resolve(try element.string(), besides: element.file)
        if let owner = owners.updateValue(split, forKey: path) {
          throw element.problem(
            "the file is also that of the split '\(owner.rawValue)'",
            fix: "splits must not share items: name another file")
        }
        files[split, default: []].append(path)
      }
    }
    guard !files.isEmpty else {
      throw node.problem("'splits' names no file", fix: "write {search: FILE.jsonl, …}")
    }
    return files
  }

  private static func fractions(_ node: YAMLNode) throws(Diagnostic) -> SplitFractions {
    let mapping = try node.mapping("'splits'")
    func fraction(_ split: Split) throws(Diagnostic) -> Double {
      try mapping.optional(split.rawValue)?.double() ?? 0
    }
    return try SplitFractions(
      search: fraction(.search), validation: fraction(.validation), test: fraction(.test),
      at: node.location)
  }
}

/// lm-eval's way of naming data: `dataset_path: json` with `data_files`.
struct HarnessData {
  private let node: YAMLNode
  /// Under the names of Hugging Face's splits; a bare path is `train`.
  private let files: [String: [String]]

  /// nil if the document does not use it.
  init?(_ document: TaskDocument) throws(Diagnostic) {
    guard let kind = try document.value("dataset_path") else { return nil }
    guard try kind.string() == "json" else {
      throw kind.problem(
        "the dataset \(kind.kind) cannot be fetched",
        fix: "export it as JSON Lines and write 'data: FILE.jsonl'"
      )
    }
    let arguments = try document.required("dataset_kwargs").mapping("dataset_kwargs")
    node = try arguments.required("data_files")
    guard case .mapping(let entries) = node.content else {
      files = ["train": try Self.paths(node)]
      return
    }
    var files: [String: [String]] = [:]
    for entry in entries { files[entry.key] = try Self.paths(entry.value) }
    self.files = files
  }

  /// The files of the split that lm-eval evaluates.
  func evaluatedFiles(_ document: TaskDocument) throws(Diagnostic) -> [String] {
    for key in ["test_split", "validation_split"] {
      if let name = try document.value(key) { return try files(of: name) }
    }
    throw document.missing(
      "the task names no split to evaluate", fix: "add 'test_split: NAME' with a name of data_files"
    )
  }

  func files(of name: YAMLNode) throws(Diagnostic) -> [String] {
    if let files = files[try name.string()] { return files }
    throw unknownName(
      try name.string(), noun: "split", known: files.keys.sorted(), at: name.location)
  }

  /// Beside the task file where such a file exists, else in the working directory, as lm-eval has it.
  private static func paths(_ node: YAMLNode) throws(Diagnostic) -> [String] {
    var paths: [String] = []
    for element in node.elements {
      let path = try element.string()
      let beside = TaskDocument.resolve(path, besides: element.file)
      let exists = FileManager.default.fileExists(atPath:)
      paths.append(!exists(beside) && exists(path) ? path : beside)
    }
    return paths
  }
}

extension YAMLNode {
  /// One path or a list of them, as seen from the file that says it.
  func paths() throws(Diagnostic) -> [String] {
    var paths: [String] = []
    for element in elements {
      paths.append(TaskDocument.resolve(try element.string(), besides: element.file))
    }
    return paths
  }
}
