import Diagnostics
import Documents
import Templates
import Testing

@Suite("Templates") struct TemplateTests {
  let row = JSONValue.object([
    .init("question", .string("2 + 2 =")),
    .init("choices", .array([.string("3"), .string("it's"), .number("4.0")])),
    .init("answer", .number("1")),
    .init("flag", .bool(true)),
    .init("nothing", .null),
  ])

  func render(_ source: String) throws -> String {
    try Template(source, at: "t.yaml: prompt").render(row, at: "t.jsonl: line 3")
  }

  @Test("fill in columns, printed as Python prints them")
  func columns() throws {
    #expect(try render("{{question}} {{ answer }}") == "2 + 2 = 1")
    #expect(
      try render("{{choices}}|{{flag}}|{{nothing}}") == #"['3', "it's", 4.0]|True|None"#)
    #expect(try render("plain { text } % #") == "plain { text } % #")
    #expect(try render("") == "")
  }

  @Test("keep white space except where a delimiter's dash removes it")
  func whitespace() throws {
    #expect(try render("a \n{{ answer }}\n") == "a \n1\n")
    #expect(try render("a \n{{- answer -}} \n b") == "a1b")
    #expect(try render("a {#- a comment with {{ }} -#} b") == "ab")
    #expect(try render("a {# - #} b") == "a  b")
    #expect(try render("a\r\nb\rc") == "a\nb\nc")
  }

  @Test("yield the value itself where they are one expression")
  func value() throws {
    let single = try Template("{{choices}}", at: "").value(in: row, at: "")
    #expect(single == row["choices"])
    let text = try Template("{{answer}} ", at: "").value(in: row, at: "")
    #expect(text == .string("1 "))
  }

  @Test("list their columns once each")
  func listColumns() throws {
    let template = try Template("{{b}} {{a}} {{b}}", at: "")
    #expect(template.columns == ["b", "a"])
  }

  @Test("name a missing column, where it is missing and the nearest one")
  func missing() throws {
    let error = #expect(throws: Diagnostic.self) { try render("{{questoin}}") }
    #expect(
      error?.description == """
        t.jsonl: line 3: column 'questoin' is missing
          fix: did you mean 'question'?
        """)
  }

  @Test(
    "name what is not supported",
    arguments: [
      ("{{ choices.text }}", "the attribute '.text'"),
      ("{{ answer | string }}", "the filter 'string'"),
      ("{{ choices[0] }}", "an index"),
      ("{{ f(1) }}", "a call"),
      ("{{ a + b }}", "the operator '+'"),
      ("{{ a if b else c }}", "the operator 'if'"),
      ("{{ 'text }}' }}", "a literal"),
      ("{{ [a, {'b': {}}] }}", "a list"),
      ("{{ True }}", "the literal 'True'"),
      ("{{ not a }}", "the operator 'not'"),
      ("{%- if answer %}", "the statement 'if'"),
    ])
  func unsupported(source: String, construct: String) throws {
    let error = #expect(throws: Diagnostic.self) { try render("before " + source + " after") }
    #expect(error?.problem == "templates do not support \(construct) in '\(source)'")
    #expect(error?.location == "t.yaml: prompt")
  }

  @Test("say what is not closed", arguments: ["{{ a", "{% if", "{# x", "{{ 'a }}"])
  func unclosed(source: String) throws {
    let error = #expect(throws: Diagnostic.self) { try render(source) }
    #expect(error?.problem.hasSuffix("is not closed") == true)
    #expect(error?.location == "t.yaml: prompt")
  }

  @Test("refuse an empty expression")
  func empty() throws {
    let error = #expect(throws: Diagnostic.self) { try render("{{ }}") }
    #expect(error?.problem == "the template has an empty expression '{{ }}'")
  }
}
