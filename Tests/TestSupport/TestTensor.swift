import Documents
public import Randomness
public import Tensors

/// A tensor with its stored bytes, for building files and sources.
public struct TestTensor: Sendable {
  public let description: TensorDescription
  /// Little-endian.
  public let bytes: [UInt8]

  /// - Precondition: `bytes` has the size that shape and dtype demand.
  public init(_ name: TensorName, _ dtype: DType, _ shape: [Int], bytes: [UInt8]) {
    description = TensorDescription(name: name, dtype: dtype, shape: Shape(shape))
    precondition(bytes.count * 8 == Shape(shape).elementCount * dtype.bitWidth)
    self.bytes = bytes
  }

  /// Rounds the values to the dtype (F64, F32, F16 or BF16), to nearest even.
  public init(_ name: TensorName, _ dtype: DType, _ shape: [Int], _ values: [Float]) {
    self.init(name, dtype, shape, bytes: values.flatMap { Self.bytes($0, dtype) })
  }

  /// Values drawn uniformly from `range`.
  public init(
    _ name: TensorName, _ dtype: DType, _ shape: [Int], in range: ClosedRange<Float> = -0.5...0.5,
    random: inout SplitMix64
  ) {
    let values = (0..<Shape(shape).elementCount).map { _ in
      range.lowerBound + (range.upperBound - range.lowerBound) * Float(random.nextUniform())
    }
    self.init(name, dtype, shape, values)
  }

  /// The stored values, widened; NaN for dtypes that are not floating point.
  public var values: [Float] {
    let width = description.dtype.bitWidth / 8
    return stride(from: 0, to: bytes.count, by: width).map { start in
      let bits = bytes[start..<start + width].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return switch description.dtype {
      case .f64: Float(Double(bitPattern: bits))
      case .f32: Float(bitPattern: UInt32(bits))
      case .f16: Float(Float16(bitPattern: UInt16(bits)))
      case .bf16: BFloat16(bitPattern: UInt16(bits)).float
      default: Float.nan
      }
    }
  }

  private static func bytes(_ value: Float, _ dtype: DType) -> [UInt8] {
    switch dtype {
    case .f64: littleEndian(Double(value).bitPattern, 8)
    case .f16: littleEndian(UInt64(Float16(value).bitPattern), 2)
    case .bf16: littleEndian(UInt64(BFloat16(value).bitPattern), 2)
    default: littleEndian(UInt64(value.bitPattern), 4)
    }
  }
}

/// The lowest `count` bytes of a number, lowest first.
public func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}

/// The bytes of a safetensors file whose header is given as text, without any padding.
public func safetensors(header: String, data: [UInt8]) -> [UInt8] {
  littleEndian(UInt64(header.utf8.count), 8) + Array(header.utf8) + data
}

/// The bytes of a safetensors file with the tensors in the given order.
public func safetensors(_ tensors: [TestTensor]) -> [UInt8] {
  var members: [JSONValue.Member] = [
    .init("__metadata__", .object([.init("format", .string("pt"))]))
  ]
  var data: [UInt8] = []
  for tensor in tensors {
    let end = data.count + tensor.bytes.count
    members.append(
      .init(
        tensor.description.name,
        .object([
          .init("dtype", .string(tensor.description.dtype.rawValue)),
          .init("shape", .array(tensor.description.shape.dimensions.map { JSONValue($0) })),
          .init("data_offsets", .array([JSONValue(data.count), JSONValue(end)])),
        ])))
    data += tensor.bytes
  }
  return safetensors(header: JSONValue.object(members).text(.compact), data: data)
}
