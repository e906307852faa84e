import Diagnostics
import Documents
import Foundation

extension Tokenizer {
  /// Looks up the beginning and end tokens: the names in `tokenizer_config.json` first, for what it does
  /// not name the ids in `generation_config.json`, then those in `config.json`.
  mutating func readBoundaryTokens(folder: String) throws(Diagnostic) {
    let named = try Self.read("tokenizer_config.json", in: folder)
    let numbered = try [
      Self.read("generation_config.json", in: folder), Self.read("config.json", in: folder),
    ].compactMap { $0 }
    bosID = try boundaryTokens("bos_token", named, numbered).first
    eosIDs = try boundaryTokens("eos_token", named, numbered)
  }

  private static func read(_ name: String, in folder: String) throws(Diagnostic) -> JSONNode? {
    let path = "\(folder)/\(name)"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return JSONNode(try JSONValue.read(path: path), file: path)
  }

  private func boundaryTokens(
    _ key: String, _ named: JSONNode?, _ numbered: [JSONNode]
  ) throws(Diagnostic) -> [Int] {
    if let name = try named?.optional(key) {
      // A string, or an object that describes an added token.
      let content = name.value.members == nil ? name : try name.required("content")
      let token = try content.string()
      guard let id = id(ofToken: token) else {
        throw content.failure(
          "the token '\(token)' is not in tokenizer.json",
          fix: "correct the name, or remove it so that \(key)_id of config.json counts")
      }
      return [id]
    }
    for node in numbered {
      guard let ids = try node.optional("\(key)_id") else { continue }
      if ids.value.array == nil { return [try ids.tokenID()] }
      var list: [Int] = []
      for element in try ids.elements() { list.append(try element.tokenID()) }
      return list
    }
    return []
  }
}
