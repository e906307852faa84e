import Foundation
import Randomness

/// A synthetic merge score: coefficients over 24 layers and 2 models, a method per group of layers,
/// and densities that two of the four methods read (optimizers.md §15.7, instance A).
package struct MergeLikeObjective {
  package let layers = 24
  package let models = 2
  package let groups = 4
  package let methods = 4
  package let questions = 200
  package let readsDensity = [false, false, true, true]
  /// Handicap of method c in group g.
  package let handicap: [[Double]]
  package let best: [Int]
  package let density: [[Double]]
  /// Weights of the layers, sum 1.
  package let importance: [Double]
  /// Ideal coefficient of (method, layer, model).
  package let target: [[[Double]]]

  package init() {
    var generator = SplitMix64(seed: 20_240_610)
    var phases: [[(phase: Double, frequency: Double)]] = []
    for _ in 0..<methods {
      phases.append(
        (0..<models).map { _ in
          let phase = 2 * Double.pi * generator.nextUniform()
          return (phase, 0.3 + 0.7 * generator.nextUniform())
        })
    }
    var handicap: [[Double]] = []
    var best: [Int] = []
    var density: [[Double]] = []
    for _ in 0..<groups {
      var row = (0..<methods).map { _ in 0.05 + 0.10 * generator.nextUniform() }
      let winner = Int(Double(methods) * generator.nextUniform())
      row[winner] = 0
      handicap.append(row)
      best.append(winner)
      density.append((0..<methods).map { _ in 0.2 + 0.4 * generator.nextUniform() })
    }
    let psi = 2 * Double.pi * generator.nextUniform()
    let depth = (0..<layers).map { (Double($0) + 0.5) / 24 }
    let raw = depth.map { exp(3 * cos(2 * Double.pi * $0 + psi)) }
    let total = raw.reduce(0, +)
    importance = raw.map { $0 / total }
    target = phases.map { method in
      depth.map { l in
        method.map { 0.5 + 0.35 * sin(2 * Double.pi * $0.frequency * l + $0.phase) }
      }
    }
    self.handicap = handicap
    self.best = best
    self.density = density
  }

  package func group(of layer: Int) -> Int { layer * groups / layers }

  /// `w` is layers × models, row-major.
  package func loss(_ w: [Double], _ c: [Int], _ d: [Double]) -> Double {
    var total = 0.0
    var previous = [Double](repeating: 0, count: models)
    for layer in 0..<layers {
      let group = group(of: layer)
      let ideal = target[c[group]][layer]
      let error = (0..<models).map { w[layer * models + $0] - ideal[$0] }
      var energy = error.reduce(0) { $0 + $1 * $1 }
      energy += 0.03 * error.reduce(0) { $0 + 1 - cos(6 * Double.pi * $1) }
      energy += 0.8 * error[0] * error[1]
      if layer > 0 {
        energy +=
          0.25 * zip(error, previous).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      previous = error
      total += 4 * importance[layer] * (c[group] == best[group] ? 1.6 : 0.8) * energy
    }
    for group in 0..<groups {
      let members = (0..<layers * models).filter { self.group(of: $0 / models) == group }
      let mean = members.reduce(0) { $0 + w[$1] } / Double(members.count)
      let distance = d[group] - (density[group][c[group]] + 0.3 * mean)
      total += handicap[group][c[group]]
      if readsDensity[c[group]] { total += 0.5 * distance * distance }
    }
    return total
  }

  package func accuracy(_ w: [Double], _ c: [Int], _ d: [Double]) -> Double {
    0.25 + 0.60 * exp(-loss(w, c, d))
  }

  /// Share of wrong answers among the questions of evaluation `index`.
  package func observed(_ w: [Double], _ c: [Int], _ d: [Double], run: UInt64, index: Int) -> Double
  {
    let accuracy = accuracy(w, c, d)
    let right = SuiteArithmetic.uniforms(seed: run << 32 | UInt64(index), questions)
      .count { $0 < accuracy }
    return 1 - Double(right) / Double(questions)
  }

  /// The best coefficients, methods and densities.
  package var optimum: (w: [Double], c: [Int], d: [Double]) {
    let w = (0..<layers).flatMap { target[best[group(of: $0)]][$0] }
    let d = (0..<groups).map { group in
      let members = (0..<layers * models).filter { self.group(of: $0 / models) == group }
      return density[group][best[group]]
        + 0.3 * (members.reduce(0) { $0 + w[$1] } / Double(members.count))
    }
    return (w, best, d)
  }
}
