import Checkpoints
import Documents
import Foundation
import Kernels
import Tensors

/// A base and two fine-tunes of it whose weight is almost all in one tensor, as files in a folder.
struct Family {
  static let names = ["base", "one", "two"]
  static let tensor: TensorName = "model.embed_tokens.weight"
  static let hidden = 4096

  let folder: String
  /// Elements of the large tensor.
  let elements: Int

  /// Writes the models.
  init(in folder: String, rows: Int) throws {
    self.folder = folder
    elements = rows * Self.hidden
    for (model, name) in Self.names.enumerated() {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      try Self.config(rows: rows).write(
        toFile: "\(folder)/\(name)/config.json", atomically: true, encoding: .utf8)
      try write(model, to: "\(folder)/\(name)/model.safetensors", rows: rows)
    }
  }

  private static func config(rows: Int) -> String {
    """
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": \(hidden),
     "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 1,
     "num_key_value_heads": 1, "head_dim": 64, "vocab_size": \(rows), "rms_norm_eps": 1e-5,
     "max_position_embeddings": 64, "rope_theta": 10000.0, "hidden_act": "silu",
     "tie_word_embeddings": true, "torch_dtype": "bfloat16"}
    """
  }

  private func write(_ model: Int, to path: String, rows: Int) throws {
    let layer = "model.layers.0."
    let hidden = Self.hidden
    let shapes: [(TensorName, [Int])] = [
      (Self.tensor, [rows, hidden]),
      (TensorName(layer + "self_attn.q_proj.weight"), [64, hidden]),
      (TensorName(layer + "self_attn.k_proj.weight"), [64, hidden]),
      (TensorName(layer + "self_attn.v_proj.weight"), [64, hidden]),
      (TensorName(layer + "self_attn.o_proj.weight"), [hidden, 64]),
      (TensorName(layer + "mlp.gate_proj.weight"), [64, hidden]),
      (TensorName(layer + "mlp.up_proj.weight"), [64, hidden]),
      (TensorName(layer + "mlp.down_proj.weight"), [hidden, 64]),
      (TensorName(layer + "input_layernorm.weight"), [hidden]),
      (TensorName(layer + "post_attention_layernorm.weight"), [hidden]),
      ("model.norm.weight", [hidden]),
    ]
    let tensors = shapes.map { TensorDescription(name: $0, dtype: .bf16, shape: Shape($1)) }
    let output = try SafetensorsOutput(path, tensors: tensors)
    for tensor in tensors {
      let count = tensor.shape.elementCount
      let piece = 1 << 20
      for start in stride(from: 0, to: count, by: piece) {
        let values = (start..<min(count, start + piece)).map { element in
          weight(of: model, element)
        }
        try output.write(values.span, to: tensor.name, from: start)
      }
    }
    try output.finish()
  }

  /// A bell-shaped number around that of the base, a function of its place alone.
  private func weight(of model: Int, _ element: Int) -> Float {
    func bell(_ stream: UInt64) -> Float {
      var state = UInt64(element) &* 0x9E37_79B9_7F4A_7C15 &+ stream &* 0xD134_2543_DE82_EF95
      state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
      state ^= state >> 31
      var sum: Float = 0
      for part in 0..<4 { sum += Float((state >> (16 * part)) & 0xFFFF) }
      return sum / 65536 - 2
    }
    let base = bell(0) * 0.04
    return model == 0 ? base : base + bell(UInt64(model)) * 0.008
  }
}
