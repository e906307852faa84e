import Testing

@testable import Diagnostics

@Suite("Registry and suggestions") struct RegistryTests {
  private let methods = Registry<Int>(
    "merge method", [("linear", 1), ("task_arithmetic", 2), ("ties", 3)])

  @Test("finds what is there")
  func finds() throws {
    #expect(try methods.entry(named: "ties", at: "x") == 3)
    #expect(methods["linear"] == 1)
    #expect(methods["slerp"] == nil)
    #expect(methods.names == ["linear", "task_arithmetic", "ties"])
  }

  @Test("a misspelt name is answered with the nearest one")
  func suggests() {
    #expect(
      throws: Diagnostic(
        "unknown merge method 'task_arithmetics'", at: "merge.yaml: line 1: merge_method",
        fix: "did you mean 'task_arithmetic'? known: linear, task_arithmetic, ties")
    ) { try methods.entry(named: "task_arithmetics", at: "merge.yaml: line 1: merge_method") }
  }

  @Test("a name that resembles nothing gets the list")
  func lists() {
    let problem = unknownName(
      "frankenstein", noun: "merge method", known: methods.names, at: "merge.yaml")
    #expect(problem.fix == "use one of: linear, task_arithmetic, ties")
    #expect(
      problem.description
        == "merge.yaml: unknown merge method 'frankenstein'\n  fix: use one of: linear, task_arithmetic, ties"
    )
  }

  @Test(
    "edit distance counts scalars and ignores ASCII case",
    arguments: [
      ("", "", 0), ("abc", "", 3), ("Ties", "ties", 0), ("densty", "density", 1),
      ("kitten", "sitting", 3),
    ])
  func distance(left: String, right: String, expected: Int) {
    #expect(editDistance(left, right) == expected)
    #expect(editDistance(right, left) == expected)
  }

  @Test("a location that is empty is left out")
  func noLocation() {
    #expect(Diagnostic("x", at: "", fix: "y").description == "x\n  fix: y")
    let list = DiagnosticList([
      Diagnostic("x", at: "", fix: "y"), Diagnostic("z", at: "a", fix: "b"),
    ])
    #expect(list.description == "x\n  fix: y\na: z\n  fix: b")
  }
}
