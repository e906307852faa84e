public import Diagnostics
import Randomness

/// The three disjoint parts of a task's items.
public enum Split: String, CaseIterable, Sendable, Codable, Hashable {
  /// What the optimizer sees.
  case search
  /// What chooses among the finalists.
  case validation
  /// What is looked at once.
  case test
}

/// Which share of the items each split gets, decided for every item on its own by a hash.
///
/// With h the FNV-1a 64-bit hash of the UTF-8 bytes of the item's id (or of its cluster, so that related items
/// stay together), passed through SplitMix64's output function, u = ⌊h / 2¹¹⌋ · 2⁻⁵³ is uniform in [0, 1).
/// An item goes to search if u < search, to validation if u < search + validation, else to test. So items
/// that are added or removed move no other item.
public struct SplitFractions: Sendable, Hashable {
  public let search: Double
  public let validation: Double
  public let test: Double

  public static let standard = SplitFractions(unchecked: 0.5, 0.2, 0.3)

  private init(unchecked search: Double, _ validation: Double, _ test: Double) {
    self.search = search
    self.validation = validation
    self.test = test
  }

  /// - Throws: ``Diagnostic`` unless the fractions lie in 0...1 and add up to 1.
  public init(
    search: Double, validation: Double, test: Double, at location: String
  ) throws(Diagnostic) {
    for (split, fraction) in zip(Split.allCases, [search, validation, test])
    where !(0...1).contains(fraction) {
      throw Diagnostic(
        "the fraction \(fraction) is outside 0...1", at: "\(location).\(split.rawValue)",
        fix: "use fractions that add up to 1, such as 0.5, 0.2, 0.3")
    }
    guard abs(search + validation + test - 1) < 1e-6 else {
      throw Diagnostic(
        "the fractions \(search), \(validation) and \(test) do not add up to 1", at: location,
        fix: "use fractions that add up to 1, such as 0.5, 0.2, 0.3")
    }
    self.init(unchecked: search, validation, test)
  }

  /// The split of the item with this id or cluster.
  public func split(of key: String) -> Split {
    let hash = SplitMix64.output(fnv1a64(key.utf8))
    let position = Double(hash >> 11) * 0x1p-53
    if position < search { return .search }
    if position < search + validation { return .validation }
    if test > 0 { return .test }
    return validation > 0 ? .validation : .search
  }
}
