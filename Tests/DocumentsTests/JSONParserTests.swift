import Diagnostics
import Testing

@testable import Documents

private func parse(_ text: String, maximumDepth: Int = 256) throws -> JSONValue {
  try JSONValue.parse(Array(text.utf8), location: "f.json", maximumDepth: maximumDepth)
}

private func message(_ bytes: [UInt8]) -> String? {
  do {
    _ = try JSONValue.parse(bytes, location: "f.json")
    return nil
  } catch {
    return "\(error.location): \(error.problem)"
  }
}

@Suite("JSON parser") struct JSONParserTests {
  @Test("reads every kind of value, keeps order, duplicates and number literals")
  func values() throws {
    let value = try parse(
      " {\"b\": [1, -0.5e+10, 1E5, -0], \"a\": {\"x\": null}, \"b\": true, \"c\":false,\"d\":[]} \n"
    )
    #expect(
      value
        == .object([
          .init(
            "b", .array([.number("1"), .number("-0.5e+10"), .number("1E5"), .number("-0")])),
          .init("a", .object([.init("x", .null)])),
          .init("b", .bool(true)), .init("c", .bool(false)), .init("d", .array([])),
        ]))
    #expect(value["b"] == .bool(true))
  }

  @Test(
    "resolves escapes",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
      (#""x\ud83d\uDE00y""#, "x😀y"), (#""\u0000""#, "\0"), ("\"é\\u0301😀\"", "é\u{301}😀"),
      ("\"\u{7F}\u{2028}\"", "\u{7F}\u{2028}"),
    ])
  func escapes(text: String, expected: String) throws {
    let string = try #require(try parse(text).string)
    #expect(Array(string.unicodeScalars) == Array(expected.unicodeScalars))
  }

  @Test("keeps keys apart that Unicode calls equivalent")
  func canonicalEquivalence() throws {
    let value = try parse("{\"\u{E9}\": 1, \"e\u{301}\": 2}")
    #expect(value["\u{E9}"]?.integer == 1)
    #expect(value["e\u{301}"]?.integer == 2)
  }

  @Test(
    "refuses what is not JSON, with line and column",
    arguments: [
      ("", "line 1, column 1: is empty, not JSON"),
      (" \n", "line 2, column 1: holds no JSON value"),
      ("[1,]", "line 1, column 4: expected a value, found ']'"),
      ("{\"a\":1,}", "line 1, column 8: expected a key in quotes, found '}'"),
      ("{a:1}", "line 1, column 2: expected a key in quotes, found 'a'"),
      ("{\"a\" 1}", "line 1, column 6: expected ':' after the key, found '1'"),
      ("{\"a\":1 \"b\":2}", "line 1, column 8: expected ',' or '}', found '\"'"),
      ("[1 2]", "line 1, column 4: expected ',' or ']', found '2'"),
      ("[1", "line 1, column 3: ends where ',' or ']' is expected"),
      ("{\"é\": \n [", "line 2, column 3: ends where a value is expected"),
      ("{}}", "line 1, column 3: unexpected '}' after the end of the JSON value"),
      ("{}\0", "line 1, column 3: unexpected byte 0x00 after the end of the JSON value"),
      ("NaN", "line 1, column 1: expected a value, found 'N'"),
      ("-Infinity", "line 1, column 2: expected a digit, found 'I'"),
      ("01", "line 1, column 2: a number starts with a superfluous 0"),
      ("1.", "line 1, column 3: ends where a digit is expected"),
      ("[.5]", "line 1, column 2: expected a value, found '.'"),
      ("[+1]", "line 1, column 2: expected a value, found '+'"),
      ("[1e]", "line 1, column 4: expected a digit, found ']'"),
      ("tru", "line 1, column 1: expected true, found 't'"),
      ("\"a", "line 1, column 1: a string is not closed"),
      ("\"a\\", "line 1, column 3: ends where the rest of an escape is expected"),
      ("\"a\nb\"", "line 1, column 3: a string holds the control character byte 0x0A"),
      ("\"\\x\"", "line 1, column 2: unknown escape in a string"),
      ("\"\\u12g4\"", "line 1, column 2: \\u must be followed by four hexadecimal digits"),
      ("\"\\ud800\"", "line 1, column 2: a lone surrogate in a string"),
      ("\"\\ud800\\u0041\"", "line 1, column 2: a lone surrogate in a string"),
      ("\"\\udc00\"", "line 1, column 2: a lone surrogate in a string"),
      ("// x\n1", "line 1, column 1: expected a value, found '/'"),
      ("'a'", "line 1, column 1: expected a value, found '''"),
      ("\u{FEFF}{}", "line 1, column 1: starts with a byte order mark"),
    ])
  func refusals(text: String, expected: String) {
    #expect(message(Array(text.utf8)) == "f.json: " + expected)
  }

  @Test(
    "refuses bytes that are not UTF-8",
    arguments: [
      [0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF, 0xFE],
      [0xE2, 0x82],
    ] as [[UInt8]], [[], Array("\\n".utf8)] as [[UInt8]])
  func invalidUTF8(bytes: [UInt8], escape: [UInt8]) {
    let quote = UInt8(ascii: "\"")
    #expect(
      message([quote, 0x61] + bytes + escape + [quote])
        == "f.json: line 1, column 3: a string is not valid UTF-8")
    #expect(message(bytes)?.contains("expected a value, found byte") == true)
  }

  @Test("bounds the nesting")
  func depth() throws {
    let nested = String(repeating: "[", count: 3) + String(repeating: "]", count: 3)
    #expect(try parse(nested, maximumDepth: 3) == .array([.array([.array([])])]))
    #expect(throws: Diagnostic.self) { try parse(nested, maximumDepth: 2) }
    for opening in ["[", "{\"a\":"] {
      let bytes = Array(String(repeating: opening, count: 100_000).utf8)
      #expect(message(bytes)?.hasSuffix("nested deeper than 256 levels") == true)
    }
  }

  @Test("survives every prefix and every changed byte of a document", arguments: 0..<256)
  func mutations(replacement: Int) throws {
    let text = Array(#"{"a":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00é"],"b":{"c":false}} "#.utf8)
    for position in text.indices {
      _ = message(Array(text[..<position]))
      var changed = text
      changed[position] = UInt8(replacement)
      _ = message(changed)
    }
    #expect(message(text) == nil)
  }
}

@Suite("JSON text") struct JSONWriterTests {
  @Test("is what Python writes with an indent of 2")
  func indented() {
    let value = JSONValue.object([
      .init("architectures", .array([.string("LlamaForCausalLM")])), .init("empty", .array([])),
      .init("none", .object([])), .init("rms_norm_eps", .number("1e-05")),
      .init("rope", .object([.init("type", .null), .init("on", .bool(true))])),
    ])
    #expect(
      value.text(.indented) == """
        {
          "architectures": [
            "LlamaForCausalLM"
          ],
          "empty": [],
          "none": {},
          "rms_norm_eps": 1e-05,
          "rope": {
            "type": null,
            "on": true
          }
        }
        """)
    #expect(
      value.text(.compact)
        == #"{"architectures":["LlamaForCausalLM"],"empty":[],"none":{},"rms_norm_eps":1e-05,"#
        + #""rope":{"type":null,"on":true}}"#)
  }

  @Test("reads back as the same value")
  func roundTrip() throws {
    let controls = String(String.UnicodeScalarView((0..<0x80).compactMap(Unicode.Scalar.init)))
    let value = JSONValue.array([
      .string(controls), .string("é\u{301}😀\u{FFFF}\""), JSONValue(-7), JSONValue(0.1),
      JSONValue(1e300),
      .object([.init("k", .number("1.50")), .init("k", .number("2")), .init("", .null)]),
    ])
    for layout in [JSONValue.Layout.compact, .ascii, .indented] {
      #expect(try JSONValue.parse(value.utf8(layout), location: "") == value)
    }
  }

  @Test("is plain ASCII where that is asked for")
  func ascii() {
    #expect(
      JSONValue.string("\u{1F}é\u{2028}😀\u{7F}\n").text(.ascii)
        == #""\u001f\u00e9\u2028\ud83d\ude00"# + "\u{7F}" + #"\n""#)
  }
}
