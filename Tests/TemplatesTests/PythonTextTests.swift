import Documents
import Templates
import Testing

@Suite("Python's texts") struct PythonTextTests {
  @Test(
    "print numbers as Python does",
    arguments: [
      ("3", "3"), ("3.0", "3.0"), ("-0", "0"), ("-0.0", "-0.0"), ("0.1", "0.1"), ("1.50", "1.5"),
      ("1e5", "100000.0"), ("1e-5", "1e-05"), ("0.0001", "0.0001"), ("1.5e16", "1.5e+16"),
      ("1e15", "1000000000000000.0"), ("123456789012345678901", "123456789012345678901"),
      ("1e22", "1e+22"), ("5e-324", "5e-324"), ("1E400", "inf"), ("0.00012", "0.00012"),
      ("9007199254740993.0", "9007199254740992.0"), ("-12.25", "-12.25"), ("1e100", "1e+100"),
      ("123456.789e3", "123456789.0"),
    ])
  func numbers(literal: String, expected: String) {
    #expect(PythonText.string(.number(literal)) == expected)
  }

  @Test("quote and escape texts inside lists as repr does")
  func representation() {
    let value = JSONValue.array([
      .string("a'b"), .string("a'b\"c"), .string("\\\n\t\r\u{1}\u{7F}\u{A0}\u{200B}é\u{E0001}"),
      .object([.init("k", .null), .init("l", .bool(false)), .init("k", .number("1"))]),
    ])
    #expect(
      PythonText.string(value)
        == #"["a'b", 'a\'b"c', '\\\n\t\r\x01\x7f\xa0\u200bé\U000e0001', {'k': 1, 'l': False}]"#)
    #expect(PythonText.string(.string("a'b\n")) == "a'b\n")
  }

  @Test("see white space where Python does, U+001C included and U+200B not")
  func whitespace() {
    #expect(PythonText.stripped("\u{1C}\r\n\u{3000}a b\u{85}\u{A0}") == "a b")
    #expect(PythonText.stripped("\u{200B}a\u{FEFF}") == "\u{200B}a\u{FEFF}")
    #expect(PythonText.stripped(" \n ") == "")
    let (head, tail) = PythonText.splitTrailingWhitespace("Hi there \r\n")
    #expect(head == "Hi there" && tail == " \r\n")
    #expect(PythonText.splitTrailingWhitespace(" \t").head == "")
  }
}
