/// Candidates per generation for a space with so many real or integer parameters and so many
/// categorical ones: 4 + ⌊3 ln(sum)⌋, doubled from 30 numeric dimensions on.
///
/// It depends on the space alone, never on the machine. A two-valued integer counts as categorical.
public func defaultPopulationSize(numeric: Int, categorical: Int) -> Int {
  let plain = plainPopulationSize(numeric + categorical)
  return numeric >= 30 ? 2 * plain : plain
}

/// 4 + ⌊3 ln(count)⌋, without the C library's logarithm, whose bits differ between machines.
package func plainPopulationSize(_ count: Int) -> Int {
  // ⌊3 ln(count)⌋ is the number of times that the cube root of e goes into it as a factor.
  let cubeRootOfE = 1.3956124250860895
  var size = 4
  var power = cubeRootOfE
  while power <= Double(count) {
    size += 1
    power *= cubeRootOfE
  }
  return size
}
