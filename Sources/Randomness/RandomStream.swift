/// Random numbers addressed by (seed, purpose, run, generation, candidate) and an index.
///
/// Philox key = seed; counter = (block, candidate, generation, purpose | run << 8). One block holds
/// two uniforms or two normals, so the draw of coordinate j does not change when parameters are
/// added after it. Reference: Salmon et al. 2011; Box and Muller 1958 for the normals.
public struct RandomStream: Hashable, Sendable {
  /// What the numbers are for; streams of unlike purpose never share a block.
  public enum Purpose: UInt32, Sendable, CaseIterable {
    case gaussian = 1
    case categories = 2
    case initialDesign = 3
    case questionSubsets = 4
    case resampling = 5
    case examples = 6
  }

  private let philox: Philox4x32
  private let candidate: UInt32
  private let generation: UInt32
  private let purpose: UInt32

  /// - Precondition: `candidate` and `generation` fit in 32 bits, `run` in 24.
  public init(
    seed: UInt64, purpose: Purpose, run: Int = 0, generation: Int = 0, candidate: Int = 0
  ) {
    precondition(run >= 0 && run < 1 << 24, "run \(run) does not fit in 24 bits")
    philox = Philox4x32(key: seed)
    self.candidate = UInt32(candidate)
    self.generation = UInt32(generation)
    self.purpose = purpose.rawValue | UInt32(run) << 8
  }

  /// The four words of block `index`.
  public func block(at index: UInt32) -> Philox4x32.Block {
    philox.block(at: Philox4x32.Block(index, candidate, generation, purpose))
  }

  /// The `index`-th 64-bit word, two to a block.
  public func word(at index: Int) -> UInt64 {
    let block = block(at: UInt32(index >> 1))
    return index & 1 == 0
      ? UInt64(block.word0) << 32 | UInt64(block.word1)
      : UInt64(block.word2) << 32 | UInt64(block.word3)
  }

  /// The `index`-th uniform in [0, 1), a multiple of 2⁻⁵³.
  public func uniform(at index: Int) -> Double {
    let pair = Self.uniforms(of: block(at: UInt32(index >> 1)))
    return index & 1 == 0 ? pair.0 : pair.1
  }

  /// The `index`-th integer in `0 ..< bound`; the bias is below `bound` · 2⁻⁶⁴.
  public func integer(at index: Int, below bound: Int) -> Int {
    precondition(bound > 0, "no integer lies below \(bound)")
    return Int(word(at: index).multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// The `index`-th standard normal.
  public func normal(at index: Int) -> Double {
    let pair = Self.normals(of: block(at: UInt32(index >> 1)))
    return index & 1 == 0 ? pair.0 : pair.1
  }

  /// The standard normals `0 ..< count`.
  public func normals(_ count: Int) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(count + 1)
    for index in 0..<UInt32((count + 1) / 2) {
      let pair = Self.normals(of: block(at: index))
      values.append(pair.0)
      values.append(pair.1)
    }
    if values.count > count { values.removeLast() }
    return values
  }

  static func uniforms(of block: Philox4x32.Block) -> (Double, Double) {
    (uniform(block.word0, block.word1), uniform(block.word2, block.word3))
  }

  private static func uniform(_ a: UInt32, _ b: UInt32) -> Double {
    (Double(a >> 5) * 0x1p26 + Double(b >> 6)) * 0x1p-53
  }

  private static func normals(of block: Philox4x32.Block) -> (Double, Double) {
    let (u1, u2) = uniforms(of: block)
    let radius = (-2 * Deterministic.log(1 - u1)).squareRoot()
    let (sine, cosine) = Deterministic.sineAndCosine(turns: u2)
    return (radius * cosine, radius * sine)
  }
}

extension RandomStream {
  /// The stream read word by word, for `shuffled(using:)` and the like.
  ///
  /// How many words the standard library consumes is its own affair, so nothing that is stored or
  /// compared between versions may depend on it.
  public struct Sequential: RandomNumberGenerator, Sendable {
    private let stream: RandomStream
    private var index = 0

    init(_ stream: RandomStream) { self.stream = stream }

    public mutating func next() -> UInt64 {
      defer { index += 1 }
      return stream.word(at: index)
    }
  }

  public var sequential: Sequential { Sequential(self) }
}
