import Diagnostics
import Documents

extension Architecture.ScaleRule {
  func value(
    of factor: Factor, _ reader: ConfigurationReader, hiddenSize: Int
  ) throws(Diagnostic) -> Double {
    switch factor {
    case .one: return 1
    case .rootOfHiddenSize: return Double(hiddenSize).squareRoot()
    case .key(let key, let ifMissing): return try reader.number(key) ?? ifMissing
    case .inverseOfKey(let key, let ifMissing):
      return 1 / (try reader.positiveNumber(key) ?? ifMissing)
    }
  }

  /// Nil: there is no limit.
  func value(of cap: Cap?, _ reader: ConfigurationReader) throws(Diagnostic) -> Double? {
    guard let cap else { return nil }
    let isWritten = reader.document[cap.key] != nil
    return try reader.positiveNumber(cap.key) ?? (isWritten ? nil : cap.ifMissing)
  }

  /// What products of queries and keys are multiplied with in each layer.
  func attentionScales(
    _ reader: ConfigurationReader, headSize: Int, layers: Int
  ) throws(Diagnostic) -> [Double] {
    let plain = 1 / Double(headSize).squareRoot()
    func all(_ scale: Double) -> [Double] { [Double](repeating: scale, count: layers) }
    switch attention {
    case .inverseRootOfHeadSize: return all(plain)
    case .inverseRootOfKey(let key, let ifMissing):
      return all(1 / (try reader.positiveNumber(key) ?? Double(ifMissing)).squareRoot())
    case .key(let key, let ifMissing): return all(try reader.number(key) ?? ifMissing)
    case .optional(let scaled, let byLayer):
      let scale = try reader.bool(scaled) ?? true ? plain : 1
      guard try reader.bool(byLayer) ?? false else { return all(scale) }
      return (1...layers).map { scale / Double($0) }
    }
  }
}
