public import Diagnostics
import Documents
public import Kernels
public import Tensors

/// A model's folder with its weights mapped into memory; nothing is read before it is asked for.
public final class Checkpoint: WeightSource {
  /// The folder, as the reference and the folder it is relative to spell it.
  public let path: String
  public let config: ConfigFile
  /// All tensors, in the order of the files and of the data within each.
  public let tensorNames: [TensorName]
  /// The files of the weights: one, or the shards in the order of their names.
  public let files: [SafetensorsFile]
  /// Tensors of a shard that the index does not mention, and which are left out therefore.
  public let unlistedTensors: [TensorName]

  private let places: [ExactName: Int]

  /// Opens the checkpoint that a reference means.
  ///
  /// - Parameters:
  ///   - reference: The path of a folder, or the id of a model in the local Hugging Face cache.
  ///   - folders: Where relative paths start, in the order in which they are tried; an empty string
  ///     is the working directory.
  ///   - cache: The cache for hub ids.
  /// - Returns: The checkpoint, with all headers and the shard index validated.
  /// - Throws: ``Diagnostic`` that names the folder or file at fault; for quantised models too.
  public static func open(
    _ reference: String, relativeTo folders: [String] = [""], cache: HubCache = .standard
  ) throws(Diagnostic) -> Checkpoint {
    let folder = try ModelFolder(reference, relativeTo: folders, cache: cache)
    let checkpoint = try Checkpoint(folder)
    try checkpoint.checkPrecision()
    return checkpoint
  }

  private init(_ folder: ModelFolder) throws(Diagnostic) {
    path = folder.path
    config = try Self.config(of: folder)
    switch try folder.weights() {
    case .single(let path):
      let file = try SafetensorsFile(path: path)
      files = [file]
      tensorNames = file.tensors.map(\.name)
      unlistedTensors = []
      places = Dictionary(uniqueKeysWithValues: tensorNames.map { (ExactName($0), 0) })
    case .sharded(let index):
      files = try Self.shards(of: index, in: folder)
      let contents = try Self.contents(of: files, index)
      tensorNames = contents.listed
      unlistedTensors = contents.unlisted
      places = contents.places
    }
  }

  private static func config(of folder: ModelFolder) throws(Diagnostic) -> ConfigFile {
    guard folder.has("config.json") else {
      if let reason = folder.reasonForNoConfiguration() { throw reason }
      throw Diagnostic(
        "config.json is missing", at: folder.path,
        fix: "download config.json as well; it says how the weights are used")
    }
    let path = try folder.present("config.json")
    let document = try JSONValue.read(path: path)
    guard document.members != nil else {
      throw Diagnostic("is not a JSON object", at: path, fix: "download the file again")
    }
    return ConfigFile(location: path, document: document)
  }

  // MARK: Shards

  private static func shards(
    of index: ShardIndex, in folder: ModelFolder
  ) throws(Diagnostic) -> [SafetensorsFile] {
    var files: [SafetensorsFile] = []
    for (number, name) in index.shards.enumerated() {
      let path = folder.file(name)
      guard FileContents.exists(path) else {
        throw Diagnostic(
          "shard \(number + 1) of \(index.shards.count) is missing: \(ShardIndex.fileName) names it,"
            + " but there is no such file",
          at: path, fix: "download \(name)")
      }
      files.append(try SafetensorsFile(path: path))
    }
    return files
  }

  private struct Contents {
    var listed: [TensorName] = []
    var unlisted: [TensorName] = []
    var places: [ExactName: Int] = [:]
  }

  private static func contents(
    of files: [SafetensorsFile], _ index: ShardIndex
  ) throws(Diagnostic) -> Contents {
    var contents = Contents()
    for (position, (file, shard)) in zip(files, index.shards).enumerated() {
      for name in index.tensorsOfShard[shard] ?? [] {
        guard file.description(of: name) != nil else {
          throw Diagnostic(
            "tensor \(quoted(name)) should be in this shard, but the shard does not have it",
            at: file.path,
            fix: "download \(shard) and \(ShardIndex.fileName) again; they disagree")
        }
        contents.places[ExactName(name)] = position
      }
    }
    for (position, file) in files.enumerated() {
      for tensor in file.tensors {
        switch contents.places[ExactName(tensor.name)] {
        case position: contents.listed.append(tensor.name)
        case nil: contents.unlisted.append(tensor.name)
        default: break
        }
      }
    }
    return contents
  }

  // MARK: Precision

  /// - Throws: ``Diagnostic`` if the checkpoint is quantised.
  private func checkPrecision() throws(Diagnostic) {
    let fix = "use the checkpoint that was quantised, in F32, F16 or BF16"
    if let quantization = config.document["quantization_config"], !quantization.isNull {
      let method = quantization["quant_method"]?.string.map { " (\(shortened($0)))" } ?? ""
      throw Diagnostic(
        "the model is quantised\(method), so its weights cannot be merged",
        at: "\(config.location): quantization_config", fix: fix)
    }
    for file in files {
      for tensor in file.tensors where tensor.dtype.isQuantised {
        throw Diagnostic(
          "dtype \(tensor.dtype.rawValue) is that of a quantised model, whose weights cannot be"
            + " merged",
          at: "\(file.path): tensor \(quoted(tensor.name))", fix: fix)
      }
    }
  }
}

// MARK: Weights

extension Checkpoint {
  public func description(of name: TensorName) -> TensorDescription? {
    places[ExactName(name)].flatMap { files[$0].description(of: name) }
  }

  /// The path of the file that holds the tensor; nil if there is no such tensor.
  public func file(of name: TensorName) -> String? {
    places[ExactName(name)].map { files[$0].path }
  }

  public func read(
    _ name: TensorName, elements: Range<Int>, into destination: inout MutableSpan<Float>
  ) throws {
    let place = try readable(name)
    try place.check(elements)
    place.widen(elements, into: &destination)
  }

  public func store(
    _ name: TensorName, elements: Range<Int>, into destination: inout MutableSpan<UInt8>
  ) throws {
    let place = try readable(name)
    try place.check(elements)
    place.copy(elements, into: &destination)
  }

  private func readable(_ name: TensorName) throws(Diagnostic) -> StoredElements {
    if let place = stored(name) { return place }
    guard let dtype = description(of: name)?.dtype else { throw noTensor(name) }
    throw Diagnostic(
      "cannot calculate in dtype \(dtype.rawValue)",
      at: "\(file(of: name) ?? path): tensor \(quoted(name))",
      fix: "convert the checkpoint to F32, BF16 or F16")
  }

  public func stored(_ name: TensorName) -> StoredElements? {
    places[ExactName(name)].flatMap { files[$0].stored(name) }
  }

  public func expect(_ use: WeightUse, of name: TensorName) { stored(name)?.expect(use) }

  /// Hands the stored bytes of some elements of the flattened tensor to `body`.
  ///
  /// They are little-endian, of the dtype in ``description(of:)``, at any alignment.
  /// - Precondition: `elements` lies within the tensor.
  /// - Throws: ``Diagnostic`` if there is no such tensor or its file has shrunk; what `body` throws.
  public func withBytes<Result>(
    of name: TensorName, elements: Range<Int>, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard let place = places[ExactName(name)] else { throw noTensor(name) }
    return try files[place].withBytes(of: name, elements: elements, body)
  }

  private func noTensor(_ name: TensorName) -> Diagnostic {
    Diagnostic(
      "the checkpoint has no tensor \(quoted(name))", at: path,
      fix: "use a complete checkpoint of the model's architecture")
  }
}

extension DType {
  /// Types of 8 bits and less that stand for numbers only together with scales stored elsewhere.
  fileprivate var isQuantised: Bool {
    switch self {
    case .f4, .f6e2m3, .f6e3m2, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: true
    default: false
    }
  }
}
