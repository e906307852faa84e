import Testing

@testable import Documents

/// Expected values are PyYAML 6.0's.
@Suite("YAML 1.1 scalars") struct YAMLScalarTests {
  @Test(
    "resolve as PyYAML resolves them",
    arguments: [
      ("", .null), ("~", .null), ("Null", .null), ("nULL", .string),
      ("yes", .bool(true)), ("Off", .bool(false)), ("y", .string), ("tRue", .string),
      ("0", .integer(0)), ("-0", .integer(0)), ("+12", .integer(12)), ("1_000", .integer(1000)),
      ("010", .integer(8)), ("08", .string), ("0b101", .integer(5)), ("-0x1F", .integer(-31)),
      ("1:30", .integer(90)), ("-1:00:05", .integer(-3605)), ("1:60", .string),
      ("0o17", .string), ("0_", .integer(0)), ("0x_", .string), ("0:30", .string),
      ("1.", .real(1)), (".5", .real(0.5)), ("-.5", .string), ("1.5", .real(1.5)),
      ("-1.5", .real(-1.5)), ("1e-5", .string), ("1.0e5", .string), ("1.0e+5", .real(1e5)),
      ("1.0e-05", .real(1e-5)), ("1_0.5_0", .real(10.5)), (".", .string), ("1.5.2", .string),
      (".inf", .real(.infinity)), ("-.Inf", .real(-.infinity)), ("inf", .string),
      ("1:30.5", .real(90.5)), ("2024-01-01", .string), ("1.2.3", .string), ("-", .string),
      ("9223372036854775808", .real(9_223_372_036_854_775_808)), ("..", .string),
    ] as [(String, YAMLScalar.Value)])
  func resolution(text: String, value: YAMLScalar.Value) {
    #expect(YAMLScalar(plain: text).resolved == value)
  }

  @Test("NaN is a number, a signed NaN text")
  func notANumber() {
    #expect(YAMLScalar(plain: ".nan").double?.isNaN == true)
    #expect(YAMLScalar(plain: "-.nan").resolved == .string)
  }

  @Test(
    "text counts as a number where it spells one",
    arguments: [
      ("1e-5", 1e-5), ("0.25", 0.25), (" 2 ", 2), ("1_000", 1000), ("1.", 1), (".5", 0.5),
      ("-.5e1", -5), ("1.e2", 100), ("+3", 3),
    ])
  func spelled(text: String, value: Double) {
    #expect(YAMLScalar(quoted: text).double == value)
  }

  @Test(
    "other text does not",
    arguments: ["", "heavy", "0x10", "1__0", "_1", "1_", "--1", "1 2", "e5", "true", "+-1", "."])
  func notSpelled(text: String) {
    #expect(YAMLScalar(quoted: text).double == nil)
  }

  @Test("whole numbers and booleans convert where the value is exact")
  func conversions() {
    #expect(YAMLScalar(plain: "5.0").integer == 5)
    #expect(YAMLScalar(plain: "5.5").integer == nil)
    #expect(YAMLScalar(quoted: "7").integer == 7)
    #expect(YAMLScalar(plain: "yes").integer == nil)
    #expect(YAMLScalar(plain: "1").bool == true)
    #expect(YAMLScalar(quoted: "False").bool == false)
    #expect(YAMLScalar(plain: "2").bool == nil)
  }
}
