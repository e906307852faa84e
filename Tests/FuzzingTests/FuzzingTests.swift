import Fuzzing
import Testing

@Suite("Random files") struct FuzzingTests {
  /// A short run of what `make fuzz` does for minutes; the cases are always the same.
  @Test("are read or refused, but never trap", arguments: FuzzTarget.all.map(\.name), 0..<4)
  func shortRun(name: String, part: Int) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    for number in part * 500..<(part + 1) * 500 {
      let problem = target.check(target.input(seed: 1, case: number))
      #expect(problem == nil, "fuzz \(name) --seed 1 --case \(number)")
    }
  }

  @Test("are a function of seed and number", arguments: FuzzTarget.all.map(\.name))
  func reproducible(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    #expect(target.input(seed: 3, case: 5) == target.input(seed: 3, case: 5))
    #expect(target.input(seed: 3, case: 5) != target.input(seed: 4, case: 5))
  }
}
