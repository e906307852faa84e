public import Checkpoints
import Documents
public import Tensors

/// A weight source in memory.
public struct MemoryWeights: WeightSource {
  public let config: ConfigFile
  private let tensors: [TestTensor]

  public init(_ model: TinyModel, location: String = "memory/config.json") {
    config = ConfigFile(location: location, document: .object(model.config))
    tensors = model.tensors
  }

  public var tensorNames: [TensorName] { tensors.map(\.description.name) }

  public func description(of name: TensorName) -> TensorDescription? {
    tensors.first { $0.description.name == name }?.description
  }

  public func read(
    _ name: TensorName, elements: Range<Int>, into destination: inout MutableSpan<Float>
  ) throws {
    guard let tensor = tensors.first(where: { $0.description.name == name }) else {
      preconditionFailure("no tensor '\(name)'")
    }
    let values = tensor.values
    for (position, element) in elements.enumerated() { destination[position] = values[element] }
  }
}
