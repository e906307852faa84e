import Foundation

/// Candidates per generation for a space with so many real or integer parameters and so many
/// categorical ones: 4 + ⌊3 ln(sum)⌋, doubled from 30 numeric dimensions on.
///
/// It depends on the space alone, never on the machine. A two-valued integer counts as categorical.
public func defaultPopulationSize(numeric: Int, categorical: Int) -> Int {
  let count = max(1, numeric + categorical)
  let plain = 4 + Int((3 * log(Double(count))).rounded(.down))
  return numeric >= 30 ? 2 * plain : plain
}
