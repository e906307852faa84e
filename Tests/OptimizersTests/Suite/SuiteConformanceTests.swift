import Foundation
import OptimizerSuite
import Testing

/// Our transcription of the suite gives the values of optimizer-figures.json: reals within 1e-12
/// relative or absolute, counts and random numbers exactly.
@Suite("Suite functions conform") struct SuiteConformanceTests {
  struct Figures: Decodable {
    struct Conformance: Decodable {
      let continuous: [Continuous]
      let bounded: [Continuous]
      let mixed: [Mixed]
      let categorical: [Mixed]
      let merge: [Merge]
      let primitives: Primitives
      let merge_constants_A: MergeConstants
    }
    struct Continuous: Decodable {
      let problem: String
      let n: Int
      let f: Double
    }
    struct Mixed: Decodable {
      let problem: String
      let z: [Double]
      let c: [Int]?
      let K: Int?
      let f: Double
    }
    struct Merge: Decodable {
      let candidate: String
      let c: [Int]
      let d: [Double]
      let Q: Double
      let `true`: Double
      let observed_run1_eval0: Double
      let observed_run3_eval17: Double
    }
    struct Primitives: Decodable {
      let shift_5: [Double]
      let shift_20_first3: [Double]
      let rotation_5_tag0: [[Double]]
      let rotation_20_tag1_row1_first3: [Double]
      let start_run1_n5_minus4_4: [Double]
      let gauss_run1_eval0: Double
      let gauss_run2_eval5: Double
    }
    struct MergeConstants: Decodable {
      let best: [Int]
      let b: [[Double]]
      let d0: [[Double]]
      let v_first3: [Double]
      let t_c0_first_layer: [Double]
      let t_c3_last_layer: [Double]
    }
    struct Constants: Decodable {
      let n: Int
      let lam: Int
      let mueff: Double
      let mueffm: Double
      let cc: Double
      let c1: Double
      let cmu: Double
      let cs: Double
      let ds: Double
      let w1: Double
      let wlast: Double
      let sumneg: Double
      let gap: Int
      let chi: Double
      let c1_sep: Double
      let cmu_sep: Double
      let cc_sep: Double
    }
    struct LearningTime: Decodable {
      let n: [Int]
      let full: [Double]
      let diagonal: [Double]
    }
    let conformance: Conformance
    let cma_constants: [Constants]
    let learning_time_evaluations: LearningTime
  }

  static func figures() throws -> Figures {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Golden/optimizer-conformance.json")
    return try JSONDecoder().decode(Figures.self, from: Data(contentsOf: url))
  }

  static func isClose(_ value: Double, _ expected: Double) -> Bool {
    abs(value - expected) <= 1e-12 * max(1, abs(expected))
  }

  static func isClose(_ values: [Double], _ expected: [Double]) -> Bool {
    values.count == expected.count && zip(values, expected).allSatisfy { isClose($0, $1) }
  }

  static func probe(_ n: Int) -> [Double] {
    (1...n).map { index in
      let step = Double((7 * index) % 11 - 5)
      return step / 4 + 0.01 * Double(index)
    }
  }

  @Test("continuous and bounded functions") func continuous() throws {
    let figures = try Self.figures().conformance
    #expect(figures.continuous.count == 27)
    for row in figures.continuous {
      let function = try #require(SuiteFunctions.continuous(row.problem, row.n))
      let value = function(Self.probe(row.n))
      #expect(Self.isClose(value, row.f), "\(row.problem) \(row.n): \(value) \(row.f)")
    }
    for row in figures.bounded {
      let value = SuiteFunctions.bounded(row.problem, row.n)(Array(repeating: 0.5, count: row.n))
      #expect(Self.isClose(value, row.f), "\(row.problem) \(row.n): \(value) \(row.f)")
    }
  }

  @Test("mixed and categorical functions") func discrete() throws {
    let figures = try Self.figures().conformance
    for row in figures.mixed {
      let value = try #require(SuiteFunctions.mixed(row.problem, Self.probe(5), row.z))
      #expect(Self.isClose(value, row.f), "\(row.problem): \(value) \(row.f)")
    }
    for row in figures.categorical {
      let value = try #require(
        SuiteFunctions.categorical(
          row.problem, Self.probe(5), row.z, row.c ?? [], choices: row.K ?? 0))
      #expect(Self.isClose(value, row.f), "\(row.problem): \(value) \(row.f)")
    }
  }

  @Test("shifts, rotations, starts and noise") func primitives() throws {
    let figures = try Self.figures().conformance.primitives
    #expect(SuiteArithmetic.shift(5) == figures.shift_5)
    #expect(Array(SuiteArithmetic.shift(20).prefix(3)) == figures.shift_20_first3)
    for (row, expected) in zip(SuiteArithmetic.rotation(5), figures.rotation_5_tag0) {
      #expect(Self.isClose(row, expected))
    }
    let second = SuiteArithmetic.rotation(20, tag: 1)[0].prefix(3)
    #expect(Self.isClose(Array(second), figures.rotation_20_tag1_row1_first3))
    #expect(SuiteArithmetic.start(run: 1, 5, -4, 4) == figures.start_run1_n5_minus4_4)
    #expect(Self.isClose(SuiteArithmetic.gauss(run: 1, evaluation: 0), figures.gauss_run1_eval0))
    #expect(Self.isClose(SuiteArithmetic.gauss(run: 2, evaluation: 5), figures.gauss_run2_eval5))
  }

  @Test("the merge-like objective") func merge() throws {
    let figures = try Self.figures().conformance
    let objective = MergeLikeObjective()
    let constants = figures.merge_constants_A
    #expect(objective.best == constants.best)
    #expect(zip(objective.handicap, constants.b).allSatisfy { Self.isClose($0, $1) })
    #expect(zip(objective.density, constants.d0).allSatisfy { Self.isClose($0, $1) })
    #expect(Self.isClose(Array(objective.importance.prefix(3)), constants.v_first3))
    #expect(Self.isClose(objective.target[0][0], constants.t_c0_first_layer))
    #expect(Self.isClose(objective.target[3][23], constants.t_c3_last_layer))
    let half = [Double](repeating: 0.5, count: 48)
    let ramp = (0..<48).map { index in
      let step = 3 * (index / 2) + 5 * (index % 2)
      return Double(step % 17) / 16
    }
    let points = [half, half, ramp, objective.optimum.w]
    #expect(figures.merge.map(\.candidate) == ["half", "half_mixed", "ramp", "optimum"])
    for (w, row) in zip(points, figures.merge) {
      let loss = objective.loss(w, row.c, row.d)
      let error = 1 - objective.accuracy(w, row.c, row.d)
      #expect(Self.isClose(loss, row.Q), "\(row.candidate)")
      #expect(Self.isClose(error, row.true), "\(row.candidate)")
      #expect(objective.observed(w, row.c, row.d, run: 1, index: 0) == row.observed_run1_eval0)
      #expect(objective.observed(w, row.c, row.d, run: 3, index: 17) == row.observed_run3_eval17)
    }
  }
}
