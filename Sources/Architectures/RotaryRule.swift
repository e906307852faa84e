import Diagnostics
import Documents

/// How a family's `config.json` says what rotates, in old and new spelling.
struct RotaryRule: Sendable {
  /// The part of each head that rotates.
  struct Fraction: Sendable {
    /// Where older files have it.
    var key = "partial_rotary_factor"
    let ifMissing: Double
    /// An odd number of dimensions is one more; else it is refused.
    var roundsUp = false
  }

  /// Layers that do not rotate.
  struct Skipped: Sendable {
    /// A list with an entry per layer, zero for those that do not rotate.
    let layers: String
    /// Every n-th layer does not.
    let interval: String
    let ifMissing: Int
  }

  /// Layers with a window have a rotation of their own, plain in older files.
  struct Windowed: Sendable {
    /// Where older files have the base.
    let key: String
    let theta: Double
  }

  /// Where older files have the base.
  var thetaKey = "rope_theta"
  var theta = 10_000.0
  /// Nil: whole heads rotate, whatever `partial_rotary_factor` says.
  var fraction: Fraction?
  var isInterleaved = false
  var skipped: Skipped?
  var windowed: Windowed?
  /// The value of `original_max_position_embeddings` at the top level, where it is missing.
  var originalPositions: Int?
  /// Types that mean another one in this family.
  var typeAliases: [String: String] = [:]
  /// Nil: all.
  var types: [String]?

  /// The embedding of every layer; nil in those that do not rotate.
  ///
  /// - Parameters:
  ///   - reader: The language model's object.
  ///   - headSize: Dimensions per head.
  ///   - maximumPositions: The longest sequence.
  ///   - windows: The window of each layer.
  /// - Returns: One entry per layer.
  /// - Throws: ``Diagnostic`` naming the key.
  func embeddings(
    _ reader: ConfigurationReader, headSize: Int, maximumPositions: Int, windows: [Int?]
  ) throws(Diagnostic) -> [RotaryEmbedding?] {
    let sizes = Sizes(headSize: headSize, maximumPositions: maximumPositions)
    if let windowed {
      let all = try perLayerType(reader, "full_attention", thetaKey, theta, sizes)
      let narrow = try perLayerType(
        reader, "sliding_attention", windowed.key, windowed.theta, sizes)
      return windows.map { $0 == nil ? all : narrow }
    }
    let old = try reader.object("rope_scaling")
    let isOldSpelling = !(old?.document.members ?? []).isEmpty
    let parameters = try isOldSpelling ? old : reader.object("rope_parameters")
    if let parameters, parameters.value("full_attention") != nil {
      throw Diagnostic(
        "rotations per type of layer are not supported for this model type",
        at: parameters.location(of: "full_attention"), fix: "take the file from the original model")
    }
    let embedding = try embedding(
      [parameters].compactMap { $0 }, outer: reader, reader.positiveNumber(thetaKey) ?? theta, sizes
    )
    return try rotates(reader, layers: windows.count).map { $0 ? embedding : nil }
  }

  private struct Sizes {
    let headSize: Int
    let maximumPositions: Int
  }

  /// Which layers rotate.
  func rotates(_ reader: ConfigurationReader, layers: Int) throws(Diagnostic) -> [Bool] {
    guard let skipped else { return [Bool](repeating: true, count: layers) }
    if let listed = try reader.numbers(skipped.layers) {
      guard listed.count == layers else {
        throw Diagnostic(
          "\(listed.count) entries for \(layers) layers", at: reader.location(of: skipped.layers),
          fix: "list one entry per layer")
      }
      return listed.map { $0 != 0 }
    }
    let interval =
      try reader.integer(skipped.interval, in: 1...ModelConfiguration.largestSize)
      ?? skipped.ifMissing
    return (0..<layers).map { !($0 + 1).isMultiple(of: interval) }
  }

  /// A type's own parameters; `rope_scaling` of older files is for layers without a window, and counts first.
  private func perLayerType(
    _ reader: ConfigurationReader, _ type: String, _ key: String, _ theta: Double, _ sizes: Sizes
  ) throws(Diagnostic) -> RotaryEmbedding {
    let old = type == "full_attention" ? try reader.object("rope_scaling") : nil
    let new = try reader.object("rope_parameters")?.object(type)
    let parameters = [old, new].compactMap { $0 }
    return try embedding(parameters, outer: nil, reader.positiveNumber(key) ?? theta, sizes, reader)
  }

  /// The first of several objects that has a key counts; `theta` if none has one.
  ///
  /// `outer` is where `original_max_position_embeddings` counts before theirs.
  private func embedding(
    _ parameters: [ConfigurationReader], outer: ConfigurationReader?, _ theta: Double,
    _ sizes: Sizes, _ reader: ConfigurationReader? = nil
  ) throws(Diagnostic) -> RotaryEmbedding {
    let values = RotaryParameters(
      objects: parameters, outer: outer, maximumPositions: sizes.maximumPositions,
      originalPositions: originalPositions)
    let (type, location) = try values.type()
    let known = typeAliases[type] ?? type
    if let types, !types.contains(known) {
      throw RotaryParameters.unsupported(type, at: location, types)
    }
    let innerTheta = try values.positiveNumber("rope_theta")
    let top = outer ?? reader
    let dimensions = try dimensions(
      values, top, headSize: sizes.headSize, isPlain: known == "default")
    return RotaryEmbedding(
      theta: innerTheta ?? theta, rotatedSize: dimensions,
      scaling: try values.scaling(known, dimensions: dimensions, at: location),
      isInterleaved: isInterleaved)
  }

  /// Dimensions of a head that rotate.
  private func dimensions(
    _ values: RotaryParameters, _ top: ConfigurationReader?, headSize: Int, isPlain: Bool
  ) throws(Diagnostic) -> Int {
    let location = top?.location ?? ""
    let inner = try values.number("partial_rotary_factor")
    guard let fraction else {
      // The reference implementation reads the key for stretched rotations only, and then fails.
      let outer = try top?.number("partial_rotary_factor")
      if !isPlain, let part = inner ?? outer, part != 1 {
        throw Diagnostic(
          "a part of \(part) of each head cannot rotate in this model type",
          at: "\(location): partial_rotary_factor", fix: "take the file from the original model")
      }
      guard headSize.isMultiple(of: 2) else { throw odd(headSize, top) }
      return headSize
    }
    let outer = try top?.number(fraction.key)
    let part = inner ?? outer ?? fraction.ifMissing
    guard part > 0, part <= 1 else {
      throw Diagnostic(
        "\(part) is no part of a head that could rotate", at: "\(location): \(fraction.key)",
        fix: "write a number above 0 and at most 1")
    }
    let size = Int(Double(headSize) * part)
    guard size > 0, size.isMultiple(of: 2) || fraction.roundsUp && size < headSize else {
      throw odd(size, top)
    }
    return size
  }

  private func odd(_ size: Int, _ top: ConfigurationReader?) -> Diagnostic {
    let key = top?.value("head_dim") == nil ? "hidden_size" : "head_dim"
    return Diagnostic(
      "heads of \(size) dimensions cannot be rotated in pairs", at: top?.location(of: key) ?? "",
      fix: "take the file from the original model")
  }
}
