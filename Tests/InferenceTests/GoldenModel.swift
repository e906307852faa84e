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

  /// Folders of Tests/Golden/variations, which have no greedy continuations.
  static let variations = [
    "cohere_head_norms", "gemma2_uncapped", "gemma3_old", "gemma_first_files",
    "gpt2_inverse_layers",
    "gpt2_odd_heads", "gpt_neox_sequential", "granite_biases", "llama_biases", "llama_dynamic",
    "llama_head256", "llama_yarn", "llama_yarn_scaled", "olmo2_biases", "phi3_longrope",
    "phi_head_norms", "qwen2_upper_windows", "qwen3_biases", "smollm3_windows",
    "stablelm_head_norms", "stablelm_parallel", "starcoder2_unbiased",
  ]

  let checkpoint: Checkpoint
  let sequences: [[Int]]
  let greedy: [[Int]]
  /// Row-major [tokens, vocabulary] per sequence.
  let logits: [[Float]]
  /// Of the last four tokens of each sequence.
  let lastLogProbabilities: [Double]
  let tolerance: Double

  init(_ name: String, in collection: String = "architectures") throws {
    let folder = Golden.path("\(collection)/\(name)")
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
