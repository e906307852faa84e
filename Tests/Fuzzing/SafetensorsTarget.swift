import Checkpoints
import Diagnostics
import Documents
import Foundation
import Tensors

extension FuzzTarget {
  /// Headers of safetensors files, and what lies behind them.
  static let safetensors = FuzzTarget(
    name: "safetensors",
    seeds: [
      safetensors(
        """
        {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
        "b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}}
        """, dataCount: 32),
      safetensors(
        """
        {"x":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"y":{"dtype":"F16","shape":[0,5],\
        "data_offsets":[8,8]},"z":{"dtype":"F8_E4M3","shape":[1,3],"data_offsets":[8,11]}}
        """, dataCount: 11),
      safetensors("{}", dataCount: 0),
    ],
    mutate: { bytes, random in
      let count = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
      guard bytes.count >= 8, count <= UInt64(bytes.count - 8),
        let header = try? JSONValue.parse(Array(bytes[8..<8 + Int(count)]), location: "fuzz")
      else { return random.damaged(bytes) }
      var json = random.changed(header, strings: words).utf8(.compact)
      if random.isTrue(in: 5) { json += [UInt8](repeating: 0x20, count: random.index(below: 20)) }
      var data = Array(bytes[(8 + Int(count))...])
      if random.isTrue(in: 4) { data += [UInt8](repeating: 0, count: random.index(below: 40)) }
      if random.isTrue(in: 4) { data = Array(data.dropLast(random.index(below: 9))) }
      let lengths = [json.count, json.count - 1, json.count + 1, 0, .max, 100_000_001]
      let length = random.isTrue(in: 8) ? random.element(of: lengths) ?? 0 : json.count
      return prefix(length) + json + data
    },
    read: { bytes throws(Diagnostic) in
      let path =
        folder + "/fuzz-\(ProcessInfo.processInfo.processIdentifier)-"
        + "\(UInt(bitPattern: ObjectIdentifier(Thread.current))).safetensors"
      defer { try? FileManager.default.removeItem(atPath: path) }
      guard (try? Data(bytes).write(to: URL(fileURLWithPath: path))) != nil else {
        return "cannot write \(path)"
      }
      let file = try SafetensorsFile(path: path)
      var sum = 0
      for tensor in file.tensors {
        let count = tensor.shape.elementCount
        let wholeBytes = (count * tensor.dtype.bitWidth).isMultiple(of: 8)
        guard wholeBytes else { return "'\(tensor.name)' has a part of a byte" }
        do {
          try file.withBytes(of: tensor.name, elements: 0..<count) { sum += $0.byteCount }
        } catch {
          return "'\(tensor.name)' cannot be read: \(error)"
        }
      }
      return sum <= bytes.count ? nil : "\(sum) bytes of tensors in a file of \(bytes.count)"
    })

  /// In memory where that is possible: files on a disk would be most of the time.
  private static let folder =
    FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()

  private static let words = [
    "a", "b", "x", "", "__metadata__", "dtype", "shape", "data_offsets", "format", "F32", "F64",
    "BF16", "I64", "U8", "BOOL", "F4", "F6_E2M3", "F8_E8M0", "C64", "\u{0}", "é", "e\u{301}",
    "../a",
  ]

  private static func prefix(_ length: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
  }

  private static func safetensors(_ header: String, dataCount: Int) -> [UInt8] {
    let json = Array(header.utf8)
    return prefix(json.count) + json + [UInt8](repeating: 0, count: dataCount)
  }
}
