import Diagnostics

/// Reads one kind of component of `tokenizer.json` from the object that declares it.
struct ComponentReader<Component>: Sendable {
  let read: @Sendable (JSONNode) throws(Diagnostic) -> Component

  init(_ read: @escaping @Sendable (JSONNode) throws(Diagnostic) -> Component) { self.read = read }
}

extension Registry {
  /// Reads the component that the object's `type` names.
  ///
  /// - Throws: ``Diagnostic`` that names a type we do not support, or what is wrong inside.
  func component<Component>(_ node: JSONNode) throws(Diagnostic) -> Component
  where Entry == ComponentReader<Component> {
    let type = try node.required("type")
    let name = try type.string()
    guard let reader = self[name] else {
      throw type.failure(
        "the \(noun) '\(name)' is not supported",
        fix: "use a model whose tokenizer has one of: \(names.joined(separator: ", "))")
    }
    return try reader.read(node)
  }
}
