import Foundation

/// The functions of the reference suite (optimizers.md §15.2–15.6); all are minimised.
package enum SuiteFunctions {
  package static func continuous(_ name: String, _ n: Int) -> (([Double]) -> Double)? {
    let optimum = SuiteArithmetic.shift(n)
    let rotation = SuiteArithmetic.rotation(n)
    let sixth = SuiteArithmetic.scales(n, 6)
    func centered(_ x: [Double]) -> [Double] { zip(x, optimum).map { $0 - $1 } }
    func rotated(_ x: [Double]) -> [Double] { product(rotation, centered(x)) }
    switch name {
    case "sphere": return { centered($0).reduce(0) { $0 + $1 * $1 } }
    case "ellipsoid": return { zip(sixth, centered($0)).reduce(0) { $0 + $1.0 * $1.1 * $1.1 } }
    case "rot_ellipsoid": return { zip(sixth, rotated($0)).reduce(0) { $0 + $1.0 * $1.1 * $1.1 } }
    case "discus":
      return { x in
        let z = rotated(x)
        return 1e6 * z[0] * z[0] + z.dropFirst().reduce(0) { $0 + $1 * $1 }
      }
    case "diff_powers":
      return { x in
        rotated(x).enumerated().reduce(0) {
          $0 + pow(abs($1.element), 2 + 4 * Double($1.offset) / Double(n - 1))
        }.squareRoot()
      }
    case "rosenbrock":
      return { x in rosenbrock(centered(x).map { $0 + 1 }) }
    case "rastrigin":
      return { x in
        let z = centered(x)
        return 10 * z.reduce(0) { $0 + 1 - cos(2 * Double.pi * $1) }
          + z.reduce(0) { $0 + $1 * $1 }
      }
    case "ackley":
      return { x in
        let z = centered(x)
        let mean = z.reduce(0) { $0 + $1 * $1 } / Double(n)
        let wave = z.reduce(0) { $0 + cos(2 * Double.pi * $1) } / Double(n)
        return 20 * (1 - exp(-0.2 * mean.squareRoot())) + exp(1) - exp(wave)
      }
    case "step_ellipsoid": return stepEllipsoid(n, rotated)
    default: return nil
    }
  }

  private static func stepEllipsoid(
    _ n: Int, _ rotated: @escaping ([Double]) -> [Double]
  ) -> ([Double]) -> Double {
    let second = SuiteArithmetic.rotation(n, tag: 1)
    let half = SuiteArithmetic.scales(n, 0.5)
    let square = SuiteArithmetic.scales(n, 2)
    return { x in
      let q = zip(half, rotated(x)).map { $0 * $1 }
      let stepped = q.map {
        abs($0) > 0.5 ? ($0 + 0.5).rounded(.down) : (10 * $0 + 0.5).rounded(.down) / 10
      }
      let t = product(second, stepped)
      return 0.1 * max(abs(q[0]) / 1e4, zip(square, t).reduce(0) { $0 + $1.0 * $1.1 * $1.1 })
    }
  }

  /// On [0, 1]ⁿ, with the optimum on, beyond and inside the bounds.
  package static func bounded(_ name: String, _ n: Int) -> ([Double]) -> Double {
    let offsets = (0..<n).map { [-0.2, 1.0, 0.37][$0 % 3] }
    let weights =
      name == "sphere_bnd" ? Array(repeating: 1, count: n) : SuiteArithmetic.scales(n, 4)
    let least = zip(weights, offsets).reduce(0) { $0 + ($1.1 < 0 ? $1.0 * $1.1 * $1.1 : 0) }
    return { x in
      var sum = 0.0
      for index in 0..<n {
        let difference = x[index] - offsets[index]
        sum += weights[index] * difference * difference
      }
      return sum - least
    }
  }

  /// Continuous part x, integers or switches z.
  package static func mixed(_ name: String, _ x: [Double], _ z: [Double]) -> Double? {
    let squares = { (values: [Double]) in values.reduce(0) { $0 + $1 * $1 } }
    func weighted(_ values: [Double]) -> Double {
      squares(
        values.enumerated().map { index, value in
          pow(1000, Double(index) / Double(values.count - 1)) * value
        })
    }
    switch name {
    case "sphere_int": return squares(x) + squares(z)
    case "ellipsoid_int": return weighted(x + z)
    case "sphere_onemax": return squares(x) + Double(z.count) - z.reduce(0, +)
    case "ellipsoid_onemax": return weighted(x) + Double(z.count) - z.reduce(0, +)
    default: return nil
    }
  }

  /// Categories c in 0 ..< choices.
  package static func categorical(
    _ name: String, _ x: [Double], _ z: [Double], _ c: [Int], choices: Int
  ) -> Double? {
    let squares = { (values: [Double]) in values.reduce(0) { $0 + $1 * $1 } }
    switch name {
    case "sphere_com": return squares(x) + Double(c.count { $0 != 0 })
    case "sphere_int_com": return squares(x) + squares(z) + Double(c.count { $0 != 0 })
    case "rosenbrock_clo":
      return rosenbrock(x) + Double(c.count - c.prefix { $0 == 0 }.count)
    case "mc_proximity":
      let y = c.map { Double($0) / Double(choices) }
      return squares(zip(x, y).map { $0 - $1 }) + y.reduce(0, +)
    default: return nil
    }
  }

  private static func rosenbrock(_ t: [Double]) -> Double {
    zip(t, t.dropFirst()).reduce(0) { sum, pair in
      let valley = pair.0 * pair.0 - pair.1
      return sum + 100 * valley * valley + (1 - pair.0) * (1 - pair.0)
    }
  }

  private static func product(_ rows: [[Double]], _ vector: [Double]) -> [Double] {
    rows.map { zip($0, vector).reduce(0) { $0 + $1.0 * $1.1 } }
  }
}
