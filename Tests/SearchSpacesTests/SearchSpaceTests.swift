import Diagnostics
import Foundation
import SearchSpaces
import Testing

@Suite("Search spaces") struct SearchSpaceTests {
  /// A density that only `ties` reads, and a seed offset that only a second knob's value 2 reads.
  static func space() throws -> SearchSpace {
    try SearchSpace([
      SearchParameter(
        "density", .real(range: 0.1...1, start: 0.5),
        activeWhen: [
          Condition("method", isOneOf: ["ties", "dare_ties"])
        ]),
      SearchParameter("weight", .real(range: -0.2...1.6, start: 0.6)),
      SearchParameter(
        "depth", .integer(range: 1...4, start: 1.7),
        activeWhen: [
          Condition("density_by", isOneOf: ["layer"])
        ]),
      SearchParameter(
        "density_by", .categorical(choices: ["model", "layer"]),
        activeWhen: [Condition("method", isOneOf: ["ties"])]),
      SearchParameter(
        "method",
        .categorical(choices: ["linear", "ties", "dare_ties"], initial: [0.2, 0.6, 0.2])),
      SearchParameter("free", .real(range: nil, start: 3, step: 2)),
    ])
  }

  static func genome(method: Double, densityBy: Double, density: Double = 0.3) -> Genome {
    Genome(values: [density, 0.7, 2, densityBy, method, -5])
  }

  @Test("a parameter is active when its conditions hold and its parents are active")
  func activity() throws {
    let space = try Self.space()
    #expect(
      space.activeMask(Self.genome(method: 0, densityBy: 1))
        == [false, true, false, false, true, true])
    #expect(
      space.activeMask(Self.genome(method: 1, densityBy: 0))
        == [true, true, false, true, true, true])
    #expect(
      space.activeMask(Self.genome(method: 1, densityBy: 1))
        == [true, true, true, true, true, true])
    // density_by says "layer", but is itself inactive.
    #expect(
      space.activeMask(Self.genome(method: 2, densityBy: 1))
        == [true, true, false, false, true, true])
  }

  @Test("a condition on several parameters holds when one of them fits")
  func alternatives() throws {
    let choices = SearchParameter.Kind.categorical(choices: ["x", "y"])
    let space = try SearchSpace([
      SearchParameter("a", choices), SearchParameter("b", choices),
      SearchParameter(
        "c", .real(range: 0...1, start: 0.5),
        activeWhen: [Condition(anyOf: ["a", "b"], isOneOf: ["y"])]),
    ])
    let active = [[0, 0], [0, 1], [1, 0], [1, 1]].map { values in
      space.activeMask(Genome(values: values.map(Double.init) + [0.5]))[2]
    }
    #expect(active == [false, true, true, true])
  }

  @Test("a fingerprint covers the active parameters only") func fingerprint() throws {
    let space = try Self.space()
    func print(_ method: Double, _ densityBy: Double, _ density: Double) -> UInt64 {
      space.fingerprint(Self.genome(method: method, densityBy: densityBy, density: density))
    }
    #expect(print(0, 0, 0.3) == print(0, 1, 0.9))
    #expect(print(1, 0, 0.3) != print(1, 0, 0.9))
    #expect(print(1, 0, 0.3) != print(2, 0, 0.3))
    #expect(print(2, 0, 0.3) == print(2, 1, 0.3))
    // Stored in databases: the value must not change between versions.
    #expect(print(0, 0, 0.3) == 12_431_706_595_775_304_234)
  }

  @Test("the start takes rounded integers and the likeliest choices") func start() throws {
    #expect(try Self.space().start == Genome(values: [0.5, 0.6, 2, 0, 1, 3]))
  }

  @Test("a description lists the active parameters in the user's terms") func description() throws {
    let space = try Self.space()
    #expect(
      space.describe(Self.genome(method: 0, densityBy: 0)) == "weight 0.7, method linear, free -5.0"
    )
    let assignments = space.assignments(of: Self.genome(method: 1, densityBy: 1))
    #expect(
      assignments.map(\.value).map(\.description) == ["0.3", "0.7", "2", "layer", "ties", "-5.0"])
    #expect(ParameterValue.real(0.123456).description == "0.1235")
    #expect(ParameterValue.real(-1234.56).description == "-1235.0")
    #expect(ParameterValue.real(1e-9).description == "1e-09")
  }

  @Test("spaces and genomes survive coding bit for bit", arguments: 0..<16 as Range<UInt64>)
  func coding(seed: UInt64) throws {
    let space = try Self.space()
    let decoded = try JSONDecoder().decode(SearchSpace.self, from: JSONEncoder().encode(space))
    #expect(decoded == space)
    let values = (1...64).map { index in
      Double(bitPattern: (seed &* 64 &+ index) &* 0x5851_F42D_4C95_7F2D & 0xBFFF_FFFF_FFFF_FFFF)
    }
    let genome = Genome(values: values + [0, -0.0, .leastNonzeroMagnitude])
    let copy = try JSONDecoder().decode(Genome.self, from: JSONEncoder().encode(genome))
    #expect(copy.values.map(\.bitPattern) == genome.values.map(\.bitPattern))
    #expect(copy.values[65].sign == .plus)
  }

  @Test("decoding an invalid space fails with the problem") func invalidCoding() {
    let json = #"[{"name":"a","kind":{"real":{"start":2,"range":[0,1]}},"activeWhen":[]}]"#
    #expect {
      try JSONDecoder().decode(SearchSpace.self, from: Data(json.utf8))
    } throws: { "\($0)".contains("space.a: the start 2.0 is outside 0.0...1.0") }
  }

  struct Mistake: CustomTestStringConvertible {
    let parameters: [SearchParameter]
    let message: String
    var testDescription: String { message }
  }

  static let choice = SearchParameter("m", .categorical(choices: ["a", "b"]))
  static let mistakes = [
    Mistake(
      parameters: [choice, choice],
      message: """
        s.yaml: space: two parameters are called 'm'
          fix: give every parameter a name of its own
        """),
    Mistake(
      parameters: [SearchParameter("", .integer(range: 0...1, start: 0))],
      message: """
        s.yaml: space: parameter 0 has no name
          fix: give every parameter a name
        """),
    Mistake(
      parameters: [SearchParameter("w", .real(range: 0...1, start: 1.5))],
      message: """
        s.yaml: space.w: the start 1.5 is outside 0.0...1.0
          fix: start inside the range, or widen it
        """),
    Mistake(
      parameters: [SearchParameter("w", .real(range: 1...1, start: 1))],
      message: """
        s.yaml: space.w: the range 1.0...1.0 holds a single value
          fix: widen the range, or fix the value outside the search space
        """),
    Mistake(
      parameters: [SearchParameter("w", .real(range: -1e308...1e308, start: 1))],
      message: """
        s.yaml: space.w: the range -1e+308...1e+308 is not finite
          fix: use finite bounds, or 'range: none' with a step
        """),
    Mistake(
      parameters: [SearchParameter("w", .real(range: nil, start: 0))],
      message: """
        s.yaml: space.w: an unbounded parameter has no step
          fix: give a step: the standard deviation of the first candidates
        """),
    Mistake(
      parameters: [SearchParameter("w", .real(range: nil, start: 0, step: -1))],
      message: """
        s.yaml: space.w: the step -1.0 is not a positive number
          fix: give the standard deviation of the first candidates
        """),
    Mistake(
      parameters: [SearchParameter("k", .integer(range: 0...Int.max, start: 0))],
      message: """
        s.yaml: space.k: the range 0...9223372036854775807 is too wide
          fix: use integers of at most 2^53 in magnitude
        """),
    Mistake(
      parameters: [SearchParameter("m", .categorical(choices: []))],
      message: """
        s.yaml: space.m: has no choices
          fix: list at least one choice
        """),
    Mistake(
      parameters: [SearchParameter("m", .categorical(choices: ["a", "b"], initial: [0.9, 0.2]))],
      message: """
        s.yaml: space.m: the initial probabilities [0.9, 0.2] do not sum to 1
          fix: use probabilities between 0 and 1 that sum to 1
        """),
    Mistake(
      parameters: [
        choice,
        SearchParameter(
          "w", .real(range: 0...1, start: 0),
          activeWhen: [
            Condition("n", isOneOf: ["a"])
          ]),
      ],
      message: """
        s.yaml: space.w: unknown parameter 'n'
          fix: did you mean 'm'? known: m, w
        """),
    Mistake(
      parameters: [
        choice,
        SearchParameter(
          "w", .real(range: 0...1, start: 0),
          activeWhen: [
            Condition("m", isOneOf: ["bb"])
          ]),
      ],
      message: """
        s.yaml: space.w: unknown value of 'm' 'bb'
          fix: did you mean 'b'? known: a, b
        """),
    Mistake(
      parameters: [
        SearchParameter(
          "a", .categorical(choices: ["x"]),
          activeWhen: [
            Condition("b", isOneOf: ["x"])
          ]),
        SearchParameter(
          "b", .categorical(choices: ["x"]),
          activeWhen: [
            Condition("a", isOneOf: ["x"])
          ]),
      ],
      message: """
        s.yaml: space: the conditions of the parameters run in a circle
          fix: let conditions point from dependent parameters to their parents only
        """),
    Mistake(
      parameters: [
        SearchParameter("k", .integer(range: 1...3, start: 1)),
        SearchParameter(
          "w", .real(range: 0...1, start: 0),
          activeWhen: [
            Condition("k", isOneOf: ["4"])
          ]),
      ],
      message: """
        s.yaml: space.w: depends on 'k' = 4, which it never is
          fix: use whole numbers inside the range of 'k'
        """),
  ]

  @Test("mistakes are named with their place and a fix", arguments: mistakes)
  func mistake(mistake: Mistake) {
    let error = #expect(throws: Diagnostic.self) {
      _ = try SearchSpace(mistake.parameters, at: "s.yaml: space")
    }
    #expect(error?.description == mistake.message)
  }

  @Test("all mistakes are found at once") func allProblems() {
    let problems = SearchSpace.problems(
      in: [
        SearchParameter("w", .real(range: 0...1, start: 2)), Self.choice, Self.choice,
      ], at: "space")
    #expect(problems.count == 2)
  }

  @Test("genomes from outside are checked") func validation() throws {
    let space = try Self.space()
    try space.validate(space.start, at: "line 1")
    func message(_ values: [Double]) -> String {
      do {
        try space.validate(Genome(values: values), at: "line 1")
        return ""
      } catch { return error.problem }
    }
    #expect(message([1]) == "1 values for 6 parameters")
    #expect(message([2, 0.6, 2, 0, 1, 3]) == "value 2.0 of 'density' is outside 0.1...1.0")
    #expect(message([0.5, 0.6, 2.5, 0, 1, 3]) == "value 2.5 of 'depth' is not whole")
    #expect(message([0.5, 0.6, 2, 0, 3, 3]) == "value 3.0 of 'method' is outside 0.0...2.0")
    #expect(message([0.5, .nan, 2, 0, 1, 3]) == "value nan of 'weight' is outside -0.2...1.6")
  }
}
