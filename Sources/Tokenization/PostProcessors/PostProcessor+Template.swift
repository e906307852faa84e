import Diagnostics

extension PostProcessor {
  /// Reads the template for a single text; the one for pairs is not used.
  static func readTemplate(_ node: JSONNode) throws(Diagnostic) -> PostProcessor {
    var items: [Item] = []
    for element in try node.required("single").elements() {
      if let sequence = try element.optional("Sequence") {
        let id = try sequence.required("id")
        let name = try id.string()
        guard name == "A" else {
          throw id.failure("the template of a single text uses the sequence '\(name)', not A")
        }
        items.append(.text)
      } else if let token = try element.optional("SpecialToken") {
        let id = try token.required("id")
        items.append(.tokens(try specialTokens(id.string(), named: id, in: node)))
      } else {
        throw element.failure(
          "an item of a template must have the key 'Sequence' or 'SpecialToken'")
      }
    }
    return PostProcessor(items: items)
  }

  /// The ids that `special_tokens` of the template gives for a name, whatever the vocabulary says.
  private static func specialTokens(
    _ name: String, named node: JSONNode, in template: JSONNode
  ) throws(Diagnostic) -> [Int] {
    guard let token = try template.required("special_tokens").optional(name) else {
      throw node.failure("the special token '\(name)' is not among the template's special_tokens")
    }
    var ids: [Int] = []
    for element in try token.required("ids").elements() { ids.append(try element.tokenID()) }
    return ids
  }
}
