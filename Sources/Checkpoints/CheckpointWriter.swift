public import Diagnostics
import Documents
public import Kernels
import Synchronization
import Tensors

/// Writes any weight source as a folder that `transformers` loads.
///
/// The folder appears whole or not at all. Equal sources give equal bytes. Memory is bounded by some
/// tiles per worker, whatever the size of the model.
public struct CheckpointWriter: Sendable {
  /// A text file that goes along, such as the model card.
  public struct TextFile: Sendable {
    public let name: String
    public let text: String

    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  /// Largest number of bytes of tensor data per file; a larger tensor gets a file of its own.
  public let shardLimit: Int
  public let existing: OutputFolder.Existing

  public init(shardLimit: Int = 5_000_000_000, existing: OutputFolder.Existing = .refuse) {
    precondition(shardLimit > 0, "a limit of \(shardLimit) bytes per shard")
    self.shardLimit = shardLimit
    self.existing = existing
  }

  /// Writes weights, `config.json`, tokenizer and texts.
  ///
  /// The tensors have the dtypes that the source describes; `config.json` is the source's, with
  /// `dtype` or `torch_dtype`, where present, set to what is written. A tied model gets no `lm_head`.
  /// - Parameters:
  ///   - source: What to write, with F32, F16 or BF16 tensors.
  ///   - path: The new folder.
  ///   - tokenizer: The folder whose tokenizer files are copied, if any.
  ///   - texts: Further files; they take the place of tokenizer files of the same name.
  ///   - pool: Who reads and writes; not to be called from its own work.
  ///   - progress: Gets the share of the weights that is written, 0…1, after every tensor.
  /// - Throws: ``Diagnostic`` if the folder exists, the disk is full, or a weight is NaN or infinite;
  ///   `CancellationError`; nothing is left behind then.
  public func write(
    _ source: any WeightSource, to path: String, tokenizer: String? = nil, texts: [TextFile] = [],
    on pool: WorkerPool, progress: (Double) -> Void = { _ in }
  ) throws {
    let tensors = try writableTensors(of: source)
    let layout = CheckpointLayout(tensors, limit: shardLimit)
    let output = try OutputFolder(path, existing: existing, size: layout.dataSize)
    do {
      var written = 0
      for shard in layout.shards {
        try write(shard, of: source, to: output, on: pool) { size in
          written += size
          progress(Double(written) / Double(max(1, layout.dataSize)))
        }
      }
      let config = config(of: source, tensors)
      try output.write(config.utf8(.indented) + [UInt8(ascii: "\n")], to: "config.json")
      if let tokenizer {
        try copyTokenizer(from: tokenizer, to: output, except: texts.map(\.name))
      }
      for text in texts { try output.write(Array(text.text.utf8), to: text.name) }
      if let index = layout.index {
        try output.write(index.utf8(.indented) + [UInt8(ascii: "\n")], to: ShardIndex.fileName)
      }
      try output.publish()
    } catch {
      output.discard()
      throw error
    }
  }

  /// Refuses a place where ``write(_:to:tokenizer:texts:on:progress:)`` would not write.
  ///
  /// - Throws: ``Diagnostic`` if the folder exists and is not empty, unless it shall be replaced.
  public func checkPlace(_ path: String) throws(Diagnostic) {
    try OutputFolder.checkPlace(path, existing)
  }

  // MARK: What is written

  private func writableTensors(of source: any WeightSource) throws(Diagnostic)
    -> [TensorDescription]
  {
    let isTied = Self.isTied(source.config.document)
    var tensors: [TensorDescription] = []
    for name in source.tensorNames where !(isTied && name == "lm_head.weight") {
      guard let tensor = source.description(of: name) else {
        preconditionFailure("a source lists '\(name)' and does not describe it")
      }
      guard tensor.dtype.torchName != nil else {
        throw Diagnostic(
          "tensor \(quoted(name)) has dtype \(tensor.dtype.rawValue), which cannot be written",
          at: source.config.location, fix: "choose float32, bfloat16 or float16 as the out_dtype")
      }
      tensors.append(tensor)
    }
    guard !tensors.isEmpty else {
      throw Diagnostic(
        "there are no tensors to write", at: source.config.location, fix: "check the recipe")
    }
    return tensors
  }

  private static func isTied(_ config: JSONValue) -> Bool {
    let flag = config["tie_word_embeddings"] ?? config["text_config"]?["tie_word_embeddings"]
    return flag?.bool ?? false
  }

  /// The source's configuration with the dtype of the tensors: float32 if they have several.
  private func config(of source: any WeightSource, _ tensors: [TensorDescription]) -> JSONValue {
    let dtypes = Set(tensors.map(\.dtype))
    guard let dtype = dtypes.count == 1 ? dtypes.first : .f32, let name = dtype.torchName else {
      return source.config.document
    }
    return Self.withDType(name, source.config.document)
  }

  private static func withDType(_ name: String, _ config: JSONValue) -> JSONValue {
    guard case .object(var members) = config else { return config }
    for position in members.indices {
      switch members[position].key {
      case "dtype", "torch_dtype": members[position].value = .string(name)
      case "text_config": members[position].value = withDType(name, members[position].value)
      default: break
      }
    }
    return .object(members)
  }

  private func copyTokenizer(
    from folder: String, to output: OutputFolder, except names: [String]
  ) throws(Diagnostic) {
    for name in TokenizerFiles.names
    where !names.contains(name) && FileContents.exists("\(folder)/\(name)") {
      try output.write(FileContents.bytes(of: "\(folder)/\(name)"), to: name)
    }
  }

  // MARK: Weights

  /// Elements that one worker reads and writes at a time.
  private static let tile = 1 << 17
  /// Tiles per worker between two looks at whether the task is cancelled.
  private static let tilesPerBatch = 16

  private func write(
    _ shard: CheckpointLayout.Shard, of source: any WeightSource, to output: OutputFolder,
    on pool: WorkerPool, progress: (Int) -> Void
  ) throws {
    let file = try output.createFile(shard.fileName)
    try shard.header.withRawBytes { bytes throws(Diagnostic) in try file.write(bytes, at: 0) }
    for (index, (tensor, offset)) in shard.tensors.enumerated() {
      if index + 1 < shard.tensors.count {
        source.expect(.soon, of: shard.tensors[index + 1].description.name)
      }
      try source.prepare(tensor.name, on: pool)
      let count = tensor.shape.elementCount
      let width = tensor.dtype.bitWidth / 8
      let batch = Self.tilesPerBatch * pool.threads * Self.tile
      for first in stride(from: 0, to: count, by: batch) {
        try Task.checkCancellation()
        let elements = first..<min(count, first + batch)
        try Self.write(tensor, elements: elements, of: source, to: file, at: offset, on: pool)
        // The disk gets to work on this while the next batch is merged.
        file.startWriting(
          offset + elements.lowerBound * width..<offset + elements.upperBound * width)
      }
      source.expect(.over, of: tensor.name)
      progress(count * width)
    }
    try file.synchronize()
  }

  /// Merges and writes elements tile by tile; every worker has room for one tile.
  private static func write(
    _ tensor: TensorDescription, elements: Range<Int>, of source: any WeightSource,
    to file: OutputFile, at offset: Int, on pool: WorkerPool
  ) throws {
    let width = tensor.dtype.bitWidth / 8
    let tiles = (elements.count + tile - 1) / tile
    let next = Atomic(0)
    try pool.forEach(min(pool.threads, tiles)) { _ in
      var stored = [UInt8](repeating: 0, count: min(tile, elements.count) * width)
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < tiles else { return }
        let start = elements.lowerBound + index * tile
        let part = start..<min(elements.upperBound, start + tile)
        var span = stored.mutableSpan
        var bytes = span._mutatingExtracting(0..<part.count * width)
        try source.store(tensor.name, elements: part, into: &bytes)
        try stored.withRawBytes { bytes in
          let bytes = bytes.extracting(0..<part.count * width)
          try check(bytes, of: tensor, in: source)
          try file.write(bytes, at: offset + start * width)
        }
      }
    }
  }

  private static func check(
    _ stored: RawSpan, of tensor: TensorDescription, in source: any WeightSource
  ) throws(Diagnostic) {
    let broken = countNonFinite(stored, tensor.dtype)
    guard broken == 0 else {
      throw Diagnostic(
        "\(broken) of the values to be written are NaN or infinite",
        at: "\(source.config.location): tensor \(quoted(tensor.name))",
        fix: tensor.dtype == .f16
          ? "write bfloat16 or float32, which have no limit of 65504, or use smaller weights"
          : "use smaller weights, or other models")
    }
  }
}

extension DType {
  /// What `config.json` calls the types that checkpoints are written in.
  fileprivate var torchName: String? {
    switch self {
    case .f32: "float32"
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: nil
    }
  }
}
