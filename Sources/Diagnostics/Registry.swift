/// An immutable table from names to entries that answers a misspelt name with a suggestion.
public struct Registry<Entry: Sendable>: Sendable {
  /// What an entry is called in messages, such as "merge method".
  public let noun: String
  /// The names in the order in which they are listed to users.
  public let names: [String]
  private let table: [String: Entry]

  /// - Precondition: Names are unique.
  public init(_ noun: String, _ entries: [(name: String, entry: Entry)]) {
    self.noun = noun
    names = entries.map(\.name)
    table = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.entry) })
  }

  public subscript(name: String) -> Entry? { table[name] }

  /// - Throws: ``Diagnostic`` that lists the known names and suggests the nearest one.
  public func entry(named name: String, at location: String) throws(Diagnostic) -> Entry {
    if let entry = table[name] { return entry }
    throw unknownName(name, noun: noun, known: names, at: location)
  }
}

/// The error for a name that is not among the known ones, with the nearest known name as the fix.
public func unknownName(
  _ name: String, noun: String, known: [String], at location: String
) -> Diagnostic {
  let list = known.joined(separator: ", ")
  let fix =
    nearest(to: name, among: known).map { "did you mean '\($0)'? known: \(list)" }
    ?? "use one of: \(list)"
  return Diagnostic("unknown \(noun) '\(name)'", at: location, fix: fix)
}

/// The candidate with the smallest edit distance to `name`, if it is near enough to be a misspelling.
public func nearest(to name: String, among candidates: [String]) -> String? {
  let scored = candidates.map { (distance: editDistance(name, $0), name: $0) }
  guard let best = scored.min(by: { $0.distance < $1.distance }),
    best.distance <= max(2, name.unicodeScalars.count / 3)
  else { return nil }
  return best.name
}

/// Levenshtein distance in Unicode scalars, ignoring ASCII case.
func editDistance(_ left: String, _ right: String) -> Int {
  let from = Array(left.lowercased().unicodeScalars)
  let to = Array(right.lowercased().unicodeScalars)
  var previous = Array(0...to.count)
  for (row, scalar) in from.enumerated() {
    var current = [row + 1]
    current.reserveCapacity(to.count + 1)
    for (column, other) in to.enumerated() {
      let substitution = previous[column] + (scalar == other ? 0 : 1)
      current.append(min(substitution, previous[column + 1] + 1, current[column] + 1))
    }
    previous = current
  }
  return previous[to.count]
}
