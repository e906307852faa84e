import Diagnostics
import Documents
import Tensors

/// Which tensor goes into which file and where: decided before a byte is written.
struct CheckpointLayout: Sendable {
  struct Shard: Sendable {
    let fileName: String
    /// Length prefix and padded header.
    let header: [UInt8]
    /// In the order of the data, with offsets from the start of the file.
    let tensors: [(description: TensorDescription, offset: Int)]
    /// Size of the file in bytes.
    let size: Int
  }

  let shards: [Shard]
  /// Bytes of tensor data.
  let dataSize: Int
  let parameterCount: Int

  /// - Parameters:
  ///   - tensors: In the order in which shards are filled.
  ///   - limit: Bytes of data that a shard may hold, unless a single tensor is larger.
  init(_ tensors: [TensorDescription], limit: Int) {
    var groups: [[TensorDescription]] = []
    var room = 0
    for tensor in tensors {
      if groups.isEmpty || tensor.byteCount > room {
        groups.append([])
        room = limit
      }
      groups[groups.count - 1].append(tensor)
      room -= tensor.byteCount
    }
    let count = groups.count
    shards = groups.enumerated().map { number, group in
      let name =
        count == 1
        ? ModelFolder.singleFile
        : "model-\(fiveDigits(number + 1))-of-\(fiveDigits(count)).safetensors"
      return Shard(fileName: name, tensors: group)
    }
    dataSize = tensors.map(\.byteCount).reduce(0, +)
    parameterCount = tensors.map(\.shape.elementCount).reduce(0, +)
  }

  /// The shard index; nil if there is one file only.
  var index: JSONValue? {
    guard shards.count > 1 else { return nil }
    let map = shards.flatMap { shard in
      shard.tensors.map { JSONValue.Member($0.description.name, .string(shard.fileName)) }
    }
    return .object([
      .init(
        "metadata",
        .object([
          .init("total_parameters", JSONValue(parameterCount)),
          .init("total_size", JSONValue(dataSize)),
        ])),
      .init(
        "weight_map",
        .object(map.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })),
    ])
  }
}

extension CheckpointLayout.Shard {
  /// Orders the data as safetensors' own writer does, by falling dtype rank, then by name, which
  /// aligns every tensor.
  init(fileName: String, tensors: [TensorDescription]) {
    let sorted = tensors.sorted { left, right in
      left.dtype == right.dtype
        ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        : left.dtype.rank > right.dtype.rank
    }
    var members: [JSONValue.Member] = [
      .init(SafetensorsHeader.metadataKey, .object([.init("format", .string("pt"))]))
    ]
    var starts: [Int] = []
    var end = 0
    for tensor in sorted {
      starts.append(end)
      end += tensor.byteCount
      members.append(
        .init(
          tensor.name,
          .object([
            .init("dtype", .string(tensor.dtype.rawValue)),
            .init("shape", .array(tensor.shape.dimensions.map { JSONValue($0) })),
            .init("data_offsets", .array([JSONValue(end - tensor.byteCount), JSONValue(end)])),
          ])))
    }
    var json = JSONValue.object(members).utf8(.compact)
    while !json.count.isMultiple(of: 8) { json.append(UInt8(ascii: " ")) }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) }
    self.fileName = fileName
    header = length + json
    let dataStart = header.count
    self.tensors = zip(sorted, starts).map { ($0, dataStart + $1) }
    size = dataStart + end
  }
}

extension TensorDescription {
  /// - Precondition: Whole bytes that fit in `Int`.
  fileprivate var byteCount: Int { shape.elementCount * dtype.bitWidth / 8 }
}

extension DType {
  fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

private func fiveDigits(_ number: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
}
