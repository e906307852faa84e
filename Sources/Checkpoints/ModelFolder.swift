public import Diagnostics
import Documents
import Foundation

/// A folder in the layout of the Hugging Face hub, and which of its files hold the weights.
public struct ModelFolder: Sendable {
  public let path: String
  /// Names of the entries, sorted.
  let names: [String]

  /// Finds the folder that a reference means.
  ///
  /// - Parameters:
  ///   - reference: A path, or the id of a model in the local Hugging Face cache.
  ///   - folders: Where relative paths start, in the order in which they are tried; an empty string
  ///     is the working directory.
  ///   - cache: Where hub ids are looked up when no such folder exists.
  /// - Throws: ``Diagnostic`` if there is neither.
  public init(
    _ reference: String, relativeTo folders: [String] = [""], cache: HubCache = .standard
  ) throws(Diagnostic) {
    path = try Self.path(of: reference, relativeTo: folders, cache: cache)
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    } catch {
      throw Diagnostic("cannot list the folder: \(error)", at: path, fix: "check its permissions")
    }
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func has(_ name: String) -> Bool { names.contains(name) }

  private static func path(
    of reference: String, relativeTo folders: [String], cache: HubCache
  ) throws(Diagnostic) -> String {
    guard !reference.isEmpty else {
      throw Diagnostic("the name of a model is empty", at: "", fix: "name a folder or a hub id")
    }
    let expanded = NSString(string: reference).expandingTildeInPath
    let candidates =
      expanded.hasPrefix("/")
      ? [expanded] : folders.map { $0.isEmpty || $0 == "." ? expanded : "\($0)/\(expanded)" }
    for candidate in candidates where FileContents.exists(candidate) {
      var path = candidate
      while path.count > 1, path.hasSuffix("/") { path.removeLast() }
      if FileContents.isFolder(path) { return path }
      throw noFolder(path)
    }
    if let snapshot = try cache.snapshot(of: reference) { return snapshot }
    let looked = candidates.joined(separator: ", ")
    if HubCache.isIdentifier(reference) {
      throw Diagnostic(
        "no such model folder (\(looked)), and no such model in the local Hugging Face cache"
          + " (\(cache.folder))",
        at: reference, fix: "check the path, or download the model with 'hf download'")
    }
    throw Diagnostic("no such model folder (\(looked))", at: reference, fix: "check the path")
  }

  private static func noFolder(_ path: String) -> Diagnostic {
    if path.hasSuffix(".gguf") { return gguf(path) }
    return Diagnostic(
      "is a file, not the folder of a model", at: path,
      fix: "name the folder that holds config.json and the weights")
  }

  static func gguf(_ path: String) -> Diagnostic {
    Diagnostic(
      "GGUF files are not supported: their weights are usually quantised", at: path,
      fix: "use the original checkpoint in safetensors")
  }
}

// MARK: Weights

extension ModelFolder {
  static let singleFile = "model.safetensors"

  /// Where the weights are, after refusing folders that hold none that can be merged.
  enum Weights {
    case single(String)
    case sharded(ShardIndex)
  }

  func weights() throws(Diagnostic) -> Weights {
    if has(Self.singleFile) { return .single(try present(Self.singleFile)) }
    if has(ShardIndex.fileName) {
      return .sharded(try ShardIndex(path: try present(ShardIndex.fileName)))
    }
    throw noWeights()
  }

  /// The path of a listed file, unless it is a link to nothing (an interrupted download).
  func present(_ name: String) throws(Diagnostic) -> String {
    let path = file(name)
    guard FileContents.exists(path) else {
      throw Diagnostic(
        "is a link to a file that does not exist", at: path, fix: "download the model again")
    }
    return path
  }

  /// Why a folder without `config.json` is no model, or nil if that file is merely missing.
  func reasonForNoConfiguration() -> Diagnostic? {
    if has("adapter_config.json") { return adapter() }
    if let gguf = names.first(where: { $0.hasSuffix(".gguf") }), !holdsSafetensors {
      return Self.gguf(file(gguf))
    }
    return nil
  }

  private var holdsSafetensors: Bool {
    names.contains { $0.hasSuffix(".safetensors") && !$0.hasPrefix("adapter_") }
  }

  private func adapter() -> Diagnostic {
    Diagnostic(
      "holds a LoRA adapter (adapter_config.json), not a whole model", at: path,
      fix: "merge the adapter into its base model first, and use the result")
  }

  private func noWeights() -> Diagnostic {
    let shards = names.filter { $0.hasPrefix("model-") && $0.hasSuffix(".safetensors") }
    if let shard = shards.first {
      return Diagnostic(
        "has shards (\(shard)) but no \(ShardIndex.fileName)", at: path,
        fix: "download \(ShardIndex.fileName) as well")
    }
    if has("adapter_config.json") { return adapter() }
    let pickles = [".bin", ".pt", ".pth", ".ckpt"]
    if let pickle = names.first(where: { name in pickles.contains { name.hasSuffix($0) } }) {
      return Diagnostic(
        "the only weights are a pickle (\(pickle)), which is never read: it can run any code",
        at: path, fix: "convert the checkpoint to safetensors, or download that version")
    }
    if let gguf = names.first(where: { $0.hasSuffix(".gguf") }) { return Self.gguf(file(gguf)) }
    if let other = names.first(where: { $0.hasSuffix(".safetensors") }) {
      return Diagnostic(
        "holds neither \(Self.singleFile) nor \(ShardIndex.fileName), but \(other)", at: path,
        fix: "if that file is the model's weights, rename it to \(Self.singleFile)")
    }
    return Diagnostic(
      "holds no weights: neither \(Self.singleFile) nor \(ShardIndex.fileName)", at: path,
      fix: "download the weights in safetensors")
  }
}
