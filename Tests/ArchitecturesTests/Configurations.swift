import Diagnostics
import Documents

@testable import Architectures

/// A small configuration; `changes` replace or add members, nil removes one.
func configuration(
  _ changes: [(String, JSONValue?)] = [], modelType: String = "llama"
) throws(Diagnostic) -> ModelConfiguration {
  try ModelConfiguration(config: document(changes, modelType: modelType), location: "m/config.json")
}

func document(_ changes: [(String, JSONValue?)] = [], modelType: String = "llama") -> JSONValue {
  var members: [JSONValue.Member] = [
    .init("model_type", .string(modelType)),
    .init("vocab_size", .number("256")),
    .init("hidden_size", .number("48")),
    .init("intermediate_size", .number("96")),
    .init("num_hidden_layers", .number("3")),
    .init("num_attention_heads", .number("4")),
    .init("num_key_value_heads", .number("2")),
  ]
  for (key, value) in changes {
    members.removeAll { $0.key == key }
    if let value { members.append(.init(key, value)) }
  }
  return .object(members)
}

func object(_ members: [(String, JSONValue)]) -> JSONValue {
  .object(members.map { JSONValue.Member($0.0, $0.1) })
}
