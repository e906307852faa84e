import Diagnostics
import Documents
import Patterns
import Testing

@Suite("Regular expressions of Python") struct PythonPatternTests {
  /// Written by `Benchmarks/parity/patterns.py`.
  @Test("find and replace what Python's re does")
  func golden() throws {
    let path = String(#filePath.dropLast("PythonPatternTests.swift".count)) + "Golden/python.jsonl"
    let rows = try JSONLines.read(path: path).rows
    #expect(rows.count > 50)
    for row in rows {
      let source = try #require(row.value["pattern"]?.string)
      let pattern = try PythonPattern(source, at: "p")
      for golden in try #require(row.value["cases"]?.array) {
        let values = try #require(golden.array)
        let text = try #require(values[0].string)
        let found = JSONValue.array(
          pattern.findAll(in: text).map { .array($0.map(JSONValue.string)) })
        #expect(found == values[1], "\(source) in '\(text)'")
        let replaced = try pattern.replace(
          with: try #require(values[2].string), in: text, limit: try #require(values[3].integer),
          at: "r")
        #expect(replaced == values[4].string, "\(source) in '\(text)' by \(values[2])")
      }
    }
  }

  @Test("are refused where they would mean something else")
  func refused() {
    for source in [
      "(", "[a", "a\\", "(?x)a b", "(?a)\\w", "(a)(?(1)b|c)", "\\q", "\\N{DASH}", "(?P=x)", "\\2",
      "a{2}+", "[\\S]", "(?R)", "a(?i)b",
    ] {
      #expect(throws: Diagnostic.self, "\(source)") { try PythonPattern(source, at: "t: regex") }
    }
    #expect(throws: Diagnostic.self) {
      try PythonPattern("(a)", at: "").replace(with: "\\2", in: "a", at: "")
    }
  }

  @Test("name groups in replacements, and ignore case where asked to")
  func groups() throws {
    let pattern = try PythonPattern("(?P<first>\\w+) (\\w+)", at: "")
    #expect(
      try pattern.replace(with: "\\2 \\g<first>", in: "a b c d", limit: 1, at: "") == "b a c d")
    #expect(try PythonPattern("ab", ignoresCase: true, at: "").remove(from: "xAbyaB") == "xy")
  }
}
