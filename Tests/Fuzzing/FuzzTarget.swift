import Diagnostics
import Randomness

/// A reader of files that strangers write, with the inputs that it is tried on.
///
/// Every case is a function of (target, seed, number), so a crash is found again by its number.
public struct FuzzTarget: Sendable {
  public let name: String
  /// Sound files, which cases are made of.
  let seeds: [[UInt8]]
  /// Changes a file in ways that know its format.
  let mutate: @Sendable ([UInt8], inout FuzzRandom) -> [UInt8]
  /// Reads the file and uses what it holds; returns what is wrong with the answer.
  let read: @Sendable ([UInt8]) throws(Diagnostic) -> String?

  public static let all: [FuzzTarget] = [.safetensors, .recipe, .tokenizer]

  /// The input of a case.
  public func input(seed: UInt64, case number: Int) -> [UInt8] {
    var random = FuzzRandom(seed: seed, case: number)
    var bytes = random.element(of: seeds) ?? []
    for _ in 0...random.index(below: 3) { bytes = mutate(bytes, &random) }
    if random.isTrue(in: 4) { bytes = random.damaged(bytes) }
    return bytes
  }

  /// Reads an input.
  ///
  /// - Returns: What is wrong: an answer that contradicts itself, or an error that says too little.
  public func check(_ input: [UInt8]) -> String? {
    do {
      return try read(input)
    } catch {
      guard error.location.contains("fuzz"), !error.problem.isEmpty, !error.fix.isEmpty else {
        return "an error without place, problem or remedy: \(error)"
      }
      return nil
    }
  }
}

/// The choices of one case, read from the project's own random numbers.
public struct FuzzRandom: Sendable {
  private let stream: RandomStream
  private var position = 0

  init(seed: UInt64, case number: Int) {
    stream = RandomStream(seed: seed, purpose: .examples, candidate: number & 0x7FFF_FFFF)
  }

  mutating func index(below count: Int) -> Int {
    defer { position += 1 }
    return stream.integer(at: position, below: max(1, count))
  }

  /// True once in `count` times.
  mutating func isTrue(in count: Int) -> Bool { index(below: count) == 0 }

  mutating func element<C: RandomAccessCollection>(of list: C) -> C.Element? {
    guard !list.isEmpty else { return nil }
    return list[list.index(list.startIndex, offsetBy: index(below: list.count))]
  }

  /// The bytes with flips, cuts, repetitions and insertions that know nothing about the format.
  mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...index(below: 4) {
      let place = index(below: bytes.count + 1)
      switch index(below: 5) {
      case 0 where place < bytes.count: bytes[place] ^= UInt8(1 << index(below: 8))
      case 1 where place < bytes.count: bytes[place] = UInt8(index(below: 256))
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + index(below: 30)))
      case 3:
        let part = bytes[place..<min(bytes.count, place + 1 + index(below: 40))]
        bytes.insert(contentsOf: Array(part), at: index(below: bytes.count + 1))
      default:
        let part = (0...index(below: 6)).map { _ in UInt8(index(below: 256)) }
        bytes.insert(contentsOf: part, at: place)
      }
    }
    return bytes
  }
}
