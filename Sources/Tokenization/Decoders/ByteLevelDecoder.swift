/// Reads tokens in the byte alphabet.
///
/// A token with any other character stands for its own bytes.
struct ByteLevelDecoder: TokenDecoder {
  func decode(_ tokens: inout [[UInt8]]) {
    let bytes = tokens.flatMap { ByteAlphabet.decode($0) ?? $0 }
    tokens = [bytes.repaired]
  }
}
