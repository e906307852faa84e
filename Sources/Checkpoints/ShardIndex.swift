import Diagnostics
import Documents
import Tensors

/// `model.safetensors.index.json`: which shard holds which tensor.
struct ShardIndex: Sendable {
  static let fileName = "model.safetensors.index.json"

  let path: String
  /// Names of the shard files, sorted, each once.
  let shards: [String]
  /// The tensors that the index assigns to each shard, in the order of the index.
  let tensorsOfShard: [String: [TensorName]]

  /// - Throws: ``Diagnostic`` if the file is no index, or names a file outside of its folder.
  init(path: String) throws(Diagnostic) {
    let document = try JSONValue.read(path: path)
    guard let members = document["weight_map"]?.members else {
      throw Diagnostic(
        "has no object 'weight_map'", at: path, fix: "download the file again; it is no index")
    }
    guard !members.isEmpty else {
      throw Diagnostic(
        "weight_map names no tensors", at: path, fix: "download the file again")
    }
    var seen: Set<ExactName> = []
    var tensorsOfShard: [String: [TensorName]] = [:]
    for member in members {
      let location = "\(path): weight_map: tensor \(quoted(member.key))"
      guard seen.insert(ExactName(member.key)).inserted else {
        throw Diagnostic("is listed twice", at: location, fix: "remove one of the two lines")
      }
      guard let shard = member.value.string else {
        throw Diagnostic("its value is not a string", at: location, fix: "name the shard's file")
      }
      guard Self.isPlainName(shard) else {
        throw Diagnostic(
          "the shard \(quoted(shard)) is not a plain file name", at: location,
          fix: "shards must lie in the folder of the index; do not use files that point elsewhere")
      }
      tensorsOfShard[shard, default: []].append(member.key)
    }
    self.path = path
    self.tensorsOfShard = tensorsOfShard
    shards = tensorsOfShard.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether the name stays within its folder and may be a file's name at all.
  private static func isPlainName(_ name: String) -> Bool {
    let bytes = name.utf8
    return !bytes.isEmpty && bytes.count <= 255 && name != "." && name != ".."
      && !bytes.contains(UInt8(ascii: "/")) && !bytes.contains(UInt8(ascii: "\\"))
      && !bytes.contains(0)
  }
}
