import Foundation
import Randomness

/// The generator, shifts and rotations that the reference suite is built from (optimizers.md §15.1).
package enum SuiteArithmetic {
  package static func uniforms(seed: UInt64, _ count: Int) -> [Double] {
    var generator = SplitMix64(seed: seed)
    return (0..<count).map { _ in generator.nextUniform() }
  }

  /// Position of the optimum, in [−2, 2]ⁿ.
  package static func shift(_ n: Int) -> [Double] {
    uniforms(seed: UInt64(1000 + n), n).map { 4 * $0 - 2 }
  }

  /// R = H_1 H_2 … H_n, as rows.
  package static func rotation(_ n: Int, tag: Int = 0) -> [[Double]] {
    let values = uniforms(seed: UInt64(9000 + 1000 * tag + n), n * n).map { 2 * $0 - 1 }
    var rows = (0..<n).map { row in (0..<n).map { $0 == row ? 1.0 : 0.0 } }
    for j in 0..<n {
      let v = Array(values[j * n..<(j + 1) * n])
      let factor = 2 / v.reduce(0) { $0 + $1 * $1 }
      for row in rows.indices {
        let inner = zip(rows[row], v).reduce(0) { $0 + $1.0 * $1.1 }
        for column in 0..<n { rows[row][column] -= factor * inner * v[column] }
      }
    }
    return rows
  }

  /// 10^(power (i − 1) / (n − 1)).
  package static func scales(_ n: Int, _ power: Double) -> [Double] {
    (0..<n).map { pow(10, power * Double($0) / Double(n - 1)) }
  }

  /// The initial mean of a run.
  package static func start(run: UInt64, _ n: Int, _ low: Double, _ high: Double) -> [Double] {
    uniforms(seed: 7_000_000 + run, n).map { low + (high - low) * $0 }
  }

  /// Noise of an evaluation of a run.
  package static func gauss(run: UInt64, evaluation: Int) -> Double {
    let u = uniforms(seed: run << 32 | UInt64(evaluation), 2)
    return (-2 * log(1 - u[0])).squareRoot() * cos(2 * Double.pi * u[1])
  }
}
