import Checkpoints
import Diagnostics
import Documents
import Kernels
import Tensors

/// A LoRA adapter in PEFT's layout: which weights of a model it changes, and how.
///
/// Reference: <https://arxiv.org/abs/2106.09685>; `peft.tuners.lora`.
struct LoRAAdapter: Sendable {
  /// What is added to a weight: `scale · B·A`, or its transpose.
  struct Product: Sendable {
    /// Of shape [rank, in].
    let a: TensorName
    /// Of shape [out, rank].
    let b: TensorName
    let rank: Int
    let scale: Float
    /// The weight is (B·A)ᵀ: an embedding, or a matrix stored as [in, out].
    let isTransposed: Bool
    /// PEFT rounds what it adds to an embedding to the embedding's dtype, and the sum again.
    let isEmbedding: Bool
  }

  /// How one weight changes: replaced first, then products and vectors are added.
  struct Change: Sendable {
    var replacement: TensorName?
    var products: [Product] = []
    /// Added with a factor: the bias that belongs to B.
    var addends: [(tensor: TensorName, scale: Float)] = []
  }

  let folder: String
  let file: SafetensorsFile
  let configuration: AdapterConfiguration
  let matrices = RecentMatrices()
  /// The tensors of each changed weight, by the weight's name in transformers.
  private let parts: [TensorName: Parts]

  private struct Parts: Sendable {
    let module: String
    var a: TensorName?
    var b: TensorName?
    var isEmbedding = false
    var replacement: TensorName?
    var bias: TensorName?
  }

  /// - Throws: ``Diagnostic`` if the folder holds no adapter, or one of another kind.
  init(folder: ModelFolder) throws(Diagnostic) {
    self.folder = folder.path
    let path = "\(folder.path)/\(AdapterConfiguration.fileName)"
    guard FileContents.exists(path) else {
      throw Diagnostic(
        "holds no adapter: \(AdapterConfiguration.fileName) is missing", at: folder.path,
        fix: "name the folder that PEFT has saved, after the '+'")
    }
    configuration = try AdapterConfiguration(path: path)
    let weights = "\(folder.path)/adapter_model.safetensors"
    guard FileContents.exists(weights) else {
      let hasPickle = FileContents.exists("\(folder.path)/adapter_model.bin")
      throw Diagnostic(
        hasPickle
          ? "the only weights are a pickle (adapter_model.bin), which is never read"
          : "holds no adapter_model.safetensors", at: folder.path,
        fix: hasPickle ? "save the adapter as safetensors" : "download adapter_model.safetensors")
    }
    file = try SafetensorsFile(path: weights)
    parts = try Self.parts(of: file)
  }

  private static func parts(
    of file: SafetensorsFile
  ) throws(Diagnostic) -> [TensorName: Parts] {
    var parts: [TensorName: Parts] = [:]
    for tensor in file.tensors {
      let location = "\(file.path): tensor '\(tensor.name)'"
      guard tensor.dtype == .f32 || tensor.dtype == .bf16 || tensor.dtype == .f16 else {
        throw Diagnostic(
          "is stored as \(tensor.dtype.rawValue)", at: location,
          fix: "save the adapter in F32, BF16 or F16")
      }
      guard tensor.name.hasPrefix(prefix) else {
        throw Diagnostic(
          "does not begin with '\(prefix)' as PEFT's names do", at: location,
          fix: "save the adapter with PEFT's save_pretrained")
      }
      let name = String(tensor.name.dropFirst(prefix.count))
      func enter(_ module: Substring, _ kind: String, _ change: (inout Parts) -> Void) {
        change(&parts["\(module).\(kind)", default: Parts(module: String(module))])
      }
      if let module = name.dropping(suffix: ".lora_A.weight") {
        enter(module, "weight") { $0.a = tensor.name }
      } else if let module = name.dropping(suffix: ".lora_B.weight") {
        enter(module, "weight") { $0.b = tensor.name }
      } else if let module = name.dropping(suffix: ".lora_embedding_A") {
        enter(module, "weight") {
          $0.a = tensor.name
          $0.isEmbedding = true
        }
      } else if let module = name.dropping(suffix: ".lora_embedding_B") {
        enter(module, "weight") {
          $0.b = tensor.name
          $0.isEmbedding = true
        }
      } else if let module = name.dropping(suffix: ".lora_B.bias") {
        enter(module, "bias") { $0.bias = tensor.name }
      } else if name.contains(".lora_") {
        throw Diagnostic(
          "is no part of a plain LoRA adapter", at: location,
          fix: "merge this adapter into its model with PEFT, and name the result")
      } else {
        let target = name.replacing(".base_layer.", with: ".")
          .replacing(".modules_to_save.", with: ".")
        let module = target.lastIndex(of: ".").map { target[..<$0] } ?? target[...]
        parts[target, default: Parts(module: String(module))].replacement = tensor.name
      }
    }
    return parts
  }

  private static let prefix = "base_model.model."

  // MARK: Changes

  /// The changes of a model's weights.
  ///
  /// - Parameter weights: The names under which the weight may be known, and what is stored.
  /// - Returns: The changes by the position in `weights`.
  /// - Throws: ``Diagnostic`` if the adapter changes what the model does not have, or shapes differ.
  func changes(
    of weights: [(names: [TensorName], stored: TensorDescription)]
  ) throws(Diagnostic) -> [Int: Change] {
    var positions: [TensorName: Int] = [:]
    for (position, weight) in weights.enumerated() {
      for name in weight.names { positions[name] = position }
    }
    var changes: [Int: Change] = [:]
    for (name, parts) in parts.sorted(by: { $0.key < $1.key }) {
      guard let position = positions[name] else {
        throw Diagnostic(
          "changes '\(name)', which the model does not have", at: file.path,
          fix: "use the adapter with the model that it was trained on")
      }
      changes[position] = try change(parts, of: weights[position].stored, named: name)
    }
    return changes
  }

  private func change(
    _ parts: Parts, of stored: TensorDescription, named name: TensorName
  ) throws(Diagnostic) -> Change {
    var change = Change()
    if let replacement = parts.replacement {
      try check(replacement, stored.shape.dimensions, for: name)
      change.replacement = replacement
    }
    if let bias = parts.bias {
      try check(bias, stored.shape.dimensions, for: name)
      change.addends.append((bias, configuration.scale(of: parts.module)))
    }
    guard parts.a != nil || parts.b != nil else { return change }
    guard let a = parts.a, let b = parts.b, let left = file.description(of: b)?.shape.dimensions,
      let right = file.description(of: a)?.shape.dimensions, left.count == 2, right.count == 2,
      stored.shape.dimensions.count == 2
    else {
      throw Diagnostic(
        "holds only one of the two matrices that change '\(name)', or no matrices", at: file.path,
        fix: "download the adapter again")
    }
    let rank = configuration.rank(of: parts.module)
    guard left[1] == rank, right[0] == rank else {
      throw Diagnostic(
        "the matrices for '\(name)' have the shapes \(Shape(left)) and \(Shape(right)), but the rank "
          + "is \(rank)", at: file.path,
        fix: "use the \(AdapterConfiguration.fileName) that belongs to these weights")
    }
    let shape = stored.shape.dimensions
    let (direct, transposed) = (shape == [left[0], right[1]], shape == [right[1], left[0]])
    guard direct || transposed else {
      throw Diagnostic(
        "changes '\(name)' of shape \(stored.shape) by a product of shape "
          + "[\(left[0]), \(right[1])]", at: file.path,
        fix: "use the adapter with the model that it was trained on")
    }
    let isTransposed =
      direct && transposed ? parts.isEmbedding || configuration.isFanInFanOut : transposed
    change.products.append(
      Product(
        a: a, b: b, rank: rank, scale: configuration.scale(of: parts.module),
        isTransposed: isTransposed, isEmbedding: parts.isEmbedding))
    return change
  }

  private func check(
    _ tensor: TensorName, _ shape: [Int], for name: TensorName
  ) throws(Diagnostic) {
    guard let found = file.description(of: tensor)?.shape.dimensions, found != shape else { return }
    throw Diagnostic(
      "has shape \(Shape(found)), but '\(name)' has \(Shape(shape))",
      at: "\(file.path): tensor '\(tensor)'",
      fix: "use the adapter with the model that it was trained on")
  }

  /// Refuses NaN and infinities.
  ///
  /// - Throws: ``Diagnostic`` that names the tensor; `CancellationError`.
  func checkFinite() throws {
    for tensor in file.tensors {
      try Task.checkCancellation()
      let count = try file.withBytes(of: tensor.name, elements: 0..<tensor.shape.elementCount) {
        countNonFinite($0, tensor.dtype)
      }
      guard count == 0 else {
        throw Diagnostic(
          "has \(count) values that are NaN or infinite",
          at: "\(file.path): tensor '\(tensor.name)'", fix: "download the adapter again")
      }
    }
  }
}

extension String {
  fileprivate func dropping(suffix: String) -> Substring? {
    hasSuffix(suffix) ? dropLast(suffix.count) : nil
  }
}
