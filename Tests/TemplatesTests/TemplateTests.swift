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

  @Test("name a missing column, where it is missing and the nearest one")
  func missing() throws {
    let error = #expect(throws: Diagnostic.self) { try render("{{questoin}}") }
    #expect(
      error?.description == """
        t.jsonl: line 3: column 'questoin' is missing (t.yaml: prompt, line 1 of the template)
          fix: did you mean 'question'?
        """)
  }

  @Test(
    "name what is not supported, and its line",
    arguments: [
      ("{{ a | urlize }}", "the filter 'urlize'"),
      ("{{ a is escaped }}", "the test 'escaped'"),
      ("{% include 'x' %}", "the statement 'include'"),
      ("{% break %}", "the statement 'break'"),
      ("{% call f() %}{% endcall %}", "the statement 'call'"),
      ("{% for x in a recursive %}{% endfor %}", "recursive loops"),
      ("{{ f(*a) }}", "arguments from a list or mapping ('*')"),
      ("{{ caller() }}", "the name 'caller'"),
      ("{{ (a | safe) ~ b }}", "the filter 'safe' other than around all of what is printed"),
      ("{% set x = a | tojson %}", "the filter 'tojson' other than around all of what is printed"),
      ("{{ a[1, 2] }}", "an index of several values"),
    ])
  func unsupported(source: String, construct: String) throws {
    let error = #expect(throws: Diagnostic.self) { try render("before\n" + source + " after") }
    #expect(error?.problem == "templates do not support \(construct)")
    #expect(error?.location == "t.yaml: prompt: line 2 of the template")
  }

  @Test(
    "name what is not supported of a value, where it is met",
    arguments: [
      ("{{ question.encode('utf8') }}", "the method 'encode' of texts"),
      ("{{ choices.append(1) }}", "the method 'append' of lists"),
      ("{{ '%5.1f' % 2.0 }}", "the conversion '%5'"),
      ("{{ '{:>5}'.format(1) }}", "the format field '{:>5}'"),
      ("{% set g = choices | map('string') %}", "a generator in a variable: add '| list'"),
      ("{{ (-2.0) ** 0.5 }}", "roots of negative numbers"),
    ])
  func unsupportedValues(source: String, construct: String) throws {
    let error = #expect(throws: Diagnostic.self) { try render(source) }
    #expect(
      error?.problem
        == "templates do not support \(construct) (t.yaml: prompt, line 1 of the template)")
    #expect(error?.location == "t.jsonl: line 3")
  }

  @Test(
    "say what is wrong",
    arguments: [
      ("{{ a", "'{{' is not closed"), ("{% if", "'{%' is not closed"),
      ("{# x", "'{#' is not closed"), ("{{ 'a }}", "''' is not closed"),
      ("{% raw %}", "'{% raw %}' is not closed"),
      ("{{ }}", "an expression is empty"),
      ("{% if a %}", "the template ends before '{% endif %}'"),
      ("{{ (a] }}", "']' closes nothing"),
      ("{{ a b }}", "'b' stands where '}}' is expected"),
      ("{{ a + }}", "'}}' stands where a value is expected"),
      ("{{ a ? b }}", "'?' is unexpected"),
    ])
  func malformed(source: String, problem: String) throws {
    let error = #expect(throws: Diagnostic.self) { try render(source) }
    #expect(error?.problem == problem)
    #expect(error?.location == "t.yaml: prompt: line 1 of the template")
  }

  @Test("end instead of nesting, repeating or recurring without end")
  func bounds() throws {
    for source in [
      "{{ " + String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000) + " }}",
      "{{ " + String(repeating: "not ", count: 5000) + "a }}",
      String(repeating: "{% if a %}", count: 5000),
      "{{ 'x' * 100000000000 }}", "{{ 9 ** 99 }}", "{{ 9223372036854775807 + 1 }}",
      "{% for i in range(1000000000) %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ] {
      #expect(throws: Diagnostic.self) { try render(source) }
    }
  }

  @Test("give no today: scores would depend on the day")
  func today() throws {
    let template = try Template("{{ strftime_now('%d %b %Y') }}", dialect: .chat, at: "t")
    #expect(throws: Diagnostic.self) { try template.render(.object([]), at: "r") }
    let date = TemplateDate("2024-02-29")
    #expect(try template.render(.object([]), at: "r", date: date) == "29 Feb 2024")
    #expect(TemplateDate("2023-02-29") == nil && TemplateDate("2024-7-26") == nil)
  }

  @Test("read Python's literals")
  func literals() {
    let list = Template.literal("['a', \"b\", 1, -2.5, None, True]")
    #expect(
      list
        == .array([
          .string("a"), .string("b"), .number("1"), .number("-2.5"), .null, .bool(true),
        ]))
    #expect(Template.literal("[a]") == nil)
    #expect(Template.literal("[1") == nil)
    #expect(Template.literal("}} x {{") == nil)
  }
}
