public import Diagnostics
public import Tensors

/// What a weight is for: the groups to which a recipe may give parameters of their own.
public enum WeightRole: String, CaseIterable, Sendable, Codable {
  case embedding, attention, mlp, norms, finalNorm, head
}

/// The place of a weight in the forward pass.
public enum WeightPart: Hashable, Sendable {
  /// [vocabulary, hidden]
  case embedding
  /// [positions, hidden]
  case positions
  /// Scale of a norm, [hidden]; of queries or keys see ``HeadNorm/Extent``.
  case norm(NormPlace)
  /// What a norm adds, of the same shape.
  case normBias(NormPlace)
  /// Scale of the norm of one head of queries or keys, [size].
  case headNorm(NormPlace, head: Int)
  /// [out, in], or transposed.
  case matrix(Projection)
  /// [out]
  case bias(Projection)
  /// [vocabulary, hidden]
  case head
  /// [vocabulary]
  case headBias
}

/// Where a weight stands in the order of the computation.
public enum WeightPosition: Hashable, Sendable {
  case before
  case layer(Int)
  case after
}

/// One tensor that a model of a given configuration has.
public struct WeightSpec: Hashable, Sendable {
  /// The name that published checkpoints of the family use, and that is written.
  public let name: TensorName
  public let shape: Shape
  public let role: WeightRole
  public let part: WeightPart
  public let position: WeightPosition
  /// The model works without it.
  public let isOptional: Bool
  /// Tensors that are this one by definition: stored copies are ignored if ``name`` is there.
  public let tiedNames: [TensorName]
  /// The axis that counts vocabulary rows.
  public let vocabularyAxis: Int?
  /// Other spellings in which checkpoints store it, such as without the prefix `model.`.
  public let aliases: [TensorName]

  /// The layer's index; nil outside of the layers.
  public var layer: Int? {
    guard case .layer(let index) = position else { return nil }
    return index
  }

  /// The name under which a checkpoint stores the tensor: its own, an alias, or a tied copy.
  public func storedName(_ exists: (TensorName) -> Bool) -> TensorName? {
    ([name] + aliases + tiedNames).first(where: exists)
  }

  /// Finds the tensor in a checkpoint and compares it with what the configuration says.
  ///
  /// - Returns: The stored tensor; nil if it is optional and missing.
  /// - Throws: ``Diagnostic`` naming the tensor if it is missing, has another shape, or is not stored as
  ///   F16, BF16, F32 or F64.
  public func resolve(
    at location: String, _ description: (TensorName) -> TensorDescription?
  ) throws(Diagnostic) -> TensorDescription? {
    guard let stored = storedName({ description($0) != nil }), let found = description(stored)
    else {
      if isOptional { return nil }
      throw Diagnostic(
        "tensor '\(name)' is missing", at: location,
        fix: "download the checkpoint again; its config.json asks for this tensor")
    }
    guard found.shape == shape else {
      throw Diagnostic(
        "tensor '\(stored)' has shape \(found.shape), but config.json means \(shape)", at: location,
        fix: "use the config.json that belongs to these weights")
    }
    guard found.dtype.isMergeable else {
      throw Diagnostic(
        "tensor '\(stored)' is stored as \(found.dtype.rawValue)", at: location,
        fix: "use a checkpoint stored as F32, F16 or BF16; quantised weights cannot be merged")
    }
    return found
  }
}
