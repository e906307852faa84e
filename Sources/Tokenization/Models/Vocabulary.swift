/// Tokens and their ids, both ways.
///
/// Tokens are byte strings: canonically equivalent texts differ.
struct Vocabulary: Sendable {
  /// What an id can be.
  static let ids = 0..<Int(Int32.max)

  /// Token to id.
  private var tokens: ByteStringTable
  /// Id to the number of its token in `tokens`.
  private var numbers: IntegerTable
  private(set) var highestID = -1

  init(minimumCapacity: Int) {
    tokens = ByteStringTable(minimumCapacity: minimumCapacity)
    numbers = IntegerTable(minimumCapacity: minimumCapacity)
  }

  /// Number of ids.
  var count: Int { numbers.count }

  func id(of text: [UInt8], _ range: Range<Int>) -> Int? { tokens[text, range].map(Int.init) }

  func id(of token: [UInt8]) -> Int? { id(of: token, token.indices) }

  func token(_ id: Int) -> ArraySlice<UInt8>? {
    guard Self.ids.contains(id), let number = numbers[UInt64(id)] else { return nil }
    return tokens.key(Int(number))
  }

  /// Calls `body` with every token and its id.
  func forEach(_ body: (_ token: ArraySlice<UInt8>, _ id: Int) -> Void) {
    for number in 0..<tokens.count { body(tokens.key(number), Int(tokens.value(at: number))) }
  }

  /// Adds a token; one that is there already takes the new id too.
  ///
  /// - Precondition: `ids` contains the id, and no other token has it.
  mutating func insert(_ token: [UInt8], id: Int) {
    tokens.insert(UInt32(id), for: token, token.indices)
    guard let number = tokens.number(of: token, token.indices) else { return }
    numbers.insert(UInt32(number), for: UInt64(id))
    highestID = max(highestID, id)
  }
}
