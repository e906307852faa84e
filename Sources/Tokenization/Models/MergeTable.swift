/// Which pairs of tokens merge, in which order, and into what.
struct MergeTable: Sendable {
  /// (left, right) to rank.
  private var ranks: IntegerTable
  /// Id that the merge of a rank makes.
  private var products: [UInt32]

  init(minimumCapacity: Int) {
    ranks = IntegerTable(minimumCapacity: minimumCapacity)
    products = []
    products.reserveCapacity(minimumCapacity)
  }

  /// Adds the merge of the next rank; a pair that has one already takes the new one.
  mutating func append(_ left: Int, _ right: Int, product: Int) {
    ranks.insert(UInt32(products.count), for: Self.key(UInt32(left), UInt32(right)))
    products.append(UInt32(product))
  }

  func rank(_ left: UInt32, _ right: UInt32) -> UInt32? { ranks[Self.key(left, right)] }

  func product(_ rank: UInt32) -> UInt32 { products[Int(rank)] }

  private static func key(_ left: UInt32, _ right: UInt32) -> UInt64 {
    UInt64(left) << 32 | UInt64(right)
  }
}
