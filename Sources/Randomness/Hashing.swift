/// The SplitMix64 generator: a Weyl sequence passed through ``SplitMix64/output(_:)``.
///
/// Reference: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SplitMix64: RandomNumberGenerator, Hashable, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.output(state)
  }

  /// The next value uniform in [0, 1), a multiple of 2⁻⁵³.
  public mutating func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// The bijective mixing function, also used to spread a hash over all 64 bits.
  public static func output(_ state: UInt64) -> UInt64 {
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The 64-bit FNV-1a hash of `bytes`.
public func fnv1a64(_ bytes: some Sequence<UInt8>) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes {
    hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }
  return hash
}
