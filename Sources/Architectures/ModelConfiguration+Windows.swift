import Diagnostics
import Documents

extension Architecture {
  /// How many positions the tokens of each layer see; nil: all before them.
  func windows(_ reader: ConfigurationReader, layers: Int) throws(Diagnostic) -> [Int?] {
    let all = [Int?](repeating: nil, count: layers)
    switch windowRule {
    case .none: return all
    case .everyLayer(let ifMissing):
      let window = try window(reader, ifMissing: ifMissing)
      return all.map { _ in window }
    case .upperLayers(let ifMissing, let firstIfMissing):
      guard try reader.bool("use_sliding_window") ?? false else { return all }
      let window = try window(reader, ifMissing: ifMissing)
      if let named = try slidingLayers(reader, layers: layers) {
        return try apply(window, to: named, reader)
      }
      let first =
        try reader.integer("max_window_layers", in: 0...ModelConfiguration.largestSize)
        ?? firstIfMissing
      return (0..<layers).map { $0 >= first ? window : nil }
    case .allButEvery(let period, let key, let ifMissing):
      let window = try window(reader, ifMissing: ifMissing)
      let stated =
        if let key { try reader.integer(key, in: 1...ModelConfiguration.largestSize) } else {
          Int?.none
        }
      let step = stated ?? period
      let named = try slidingLayers(reader, layers: layers)
      return try apply(
        window, to: named ?? (1...layers).map { !$0.isMultiple(of: step) }, reader)
    case .layersWithoutRotation:
      let window = try window(reader, ifMissing: nil)
      if let named = try slidingLayers(reader, layers: layers) {
        return try apply(window, to: named, reader)
      }
      guard try reader.bool("use_sliding_window") ?? false, let rotary else { return all }
      return try rotary.rotates(reader, layers: layers).map { $0 ? nil : window }
    }
  }

  private func window(
    _ reader: ConfigurationReader, ifMissing: Int?
  ) throws(Diagnostic) -> Int? {
    let isWritten = reader.document["sliding_window"] != nil
    return try reader.integer("sliding_window", in: 1...ModelConfiguration.largestSize)
      ?? (isWritten ? nil : ifMissing)
  }

  private func apply(
    _ window: Int?, to isSliding: [Bool], _ reader: ConfigurationReader
  ) throws(Diagnostic) -> [Int?] {
    guard isSliding.contains(true) else { return isSliding.map { _ in nil } }
    guard let window else { throw reader.missing("sliding_window", "a whole number") }
    return isSliding.map { $0 ? window : nil }
  }

  /// Which layers `layer_types` names as sliding; nil if the key is missing.
  private func slidingLayers(
    _ reader: ConfigurationReader, layers: Int
  ) throws(Diagnostic) -> [Bool]? {
    guard let types = try reader.strings("layer_types") else { return nil }
    let location = reader.location(of: "layer_types")
    guard types.count == layers else {
      throw Diagnostic(
        "\(types.count) types for \(layers) layers", at: location, fix: "list one type per layer")
    }
    var isSliding: [Bool] = []
    for type in types {
      switch type {
      case "full_attention": isSliding.append(false)
      case "sliding_attention": isSliding.append(true)
      default:
        throw unknownName(
          type, noun: "layer type", known: ["full_attention", "sliding_attention"], at: location)
      }
    }
    return isSliding
  }
}
