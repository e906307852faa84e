import Diagnostics
import Testing

@testable import SearchDriver

@Suite("Quantities in search files") struct QuantitiesTests {
  @Test(
    "durations",
    arguments: [
      ("90", 90.0), ("90s", 90), ("45m", 2700), ("8h", 28800), ("1h 30m", 5400), ("1.5 h", 5400),
      ("2 days", 172_800),
    ])
  func durations(text: String, seconds: Double) throws {
    #expect(try Quantities.seconds(text, at: "x") == seconds)
  }

  @Test("what is no duration", arguments: ["", "h", "8x", "0", "-3h", "1 2", "1e400h", "8 h h"])
  func noDuration(text: String) {
    #expect(
      throws: Diagnostic(
        "'\(text)' is not a duration", at: "search.yaml: line 3: search.time_limit",
        fix: "write it like 8h, 45m or 90s")
    ) { try Quantities.seconds(text, at: "search.yaml: line 3: search.time_limit") }
  }

  @Test(
    "sizes",
    arguments: [
      ("2GB", 2_000_000_000), ("2 gb", 2_000_000_000), ("512MiB", 536_870_912), ("1.5k", 1500),
      ("4096", 4096),
    ])
  func sizes(text: String, bytes: Int) throws {
    #expect(try Quantities.bytes(text, at: "x") == bytes)
  }

  @Test("what is no size", arguments: ["", "GB", "2XB", "-1GB", "0", "1GB 2MB", "1e30GB"])
  func noSize(text: String) {
    #expect(throws: Diagnostic.self) { try Quantities.bytes(text, at: "x") }
  }
}

@Suite("Figures for people") struct FigureTests {
  @Test("fixed decimals, rounded half away from zero, without a negative zero")
  func fixedDecimals() {
    #expect(fixed(0.625, 2) == "0.63")
    #expect(fixed(0.675, 4) == "0.6750")
    #expect(fixed(-0.05, 2) == "-0.05")
    #expect(fixed(-0.00001, 3) == "0.000")
    #expect(fixed(12, 0) == "12")
    #expect(fixed(.nan, 2) == "nan")
  }

  @Test("thousands and spans")
  func groupsAndSpans() {
    #expect(grouped(0) == "0")
    #expect(grouped(1234567) == "1,234,567")
    #expect(grouped(-1000) == "-1,000")
    #expect(span(42.4) == "42s")
    #expect(span(62) == "1m 02s")
    #expect(span(3900) == "1h 05m")
  }
}
