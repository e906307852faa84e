import Checkpoints
import Diagnostics
import Documents
import Kernels
import Tensors
import TestSupport

/// A checkpoint of Tests/Golden/architectures with what the reference implementation computes for it.
struct GoldenModel {
  static let names = [
    "cohere", "gemma", "gemma2", "gemma3_text", "gpt2", "gpt2_hub_names", "gpt_neox", "granite",
    "llama", "llama_old_config", "llama_rope_llama3", "llama_tied", "mistral", "olmo2", "phi",
    "phi3",
    "qwen2", "qwen3", "smollm3", "stablelm", "starcoder2",
  ]

  let checkpoint: Checkpoint
  let sequences: [[Int]]
  let greedy: [[Int]]
  /// Row-major [tokens, vocabulary] per sequence.
  let logits: [[Float]]
  /// Of the last four tokens of each sequence.
  let lastLogProbabilities: [Double]
  let tolerance: Double

  init(_ name: String) throws {
    let folder = Golden.path("architectures/\(name)")
    checkpoint = try Checkpoint.open(folder)
    let tokens = try JSONValue.read(path: "\(folder)/tokens.json")
    func lists(_ key: String) -> [[Int]] {
      (tokens[key]?.array ?? []).map { ($0.array ?? []).compactMap(\.integer) }
    }
    sequences = lists("sequences")
    greedy = lists("greedy_12")
    lastLogProbabilities = (tokens["sum_logprob_last4"]?.array ?? []).compactMap(\.double)
    tolerance = tokens["tolerance"]?["logits_atol"]?.double ?? 0
    let file = try SafetensorsFile(path: "\(folder)/logits.safetensors")
    logits = try sequences.indices.map { index in
      let name = "seq\(index)"
      let count = file.description(of: name)?.shape.elementCount ?? 0
      return try file.withBytes(of: name, elements: 0..<count) { bytes in
        var values = [Float](repeating: 0, count: count)
        var span = values.mutableSpan
        widen(bytes, from: .f32, into: &span)
        return values
      }
    }
  }
}
