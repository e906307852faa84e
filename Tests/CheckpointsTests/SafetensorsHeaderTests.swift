import Diagnostics
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

private func header(_ json: String, data: Int) throws(Diagnostic) -> SafetensorsHeader {
  try SafetensorsHeader(json: Array(json.utf8), dataCount: data, path: "m.safetensors")
}

private func refusal(_ json: String, data: Int) -> String? {
  do {
    _ = try header(json, data: data)
    return nil
  } catch {
    return "\(error.location): \(error.problem)"
  }
}

private func entry(_ dtype: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
  "{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
}

@Suite("Header of a safetensors file") struct SafetensorsHeaderTests {
  @Test("orders tensors by their data and takes the odd but valid")
  func valid() throws {
    let json = """
        { "b": \(entry("BF16", "[3]", 5, 11)), "__metadata__": {"format": "pt", "x": ""},
        "a": {"extra": [[1]], "data_offsets": [1, 5], "shape": [], "dtype": "F32"},
        "": \(entry("U8", "[1, 1]", 0, 1)), "none": \(entry("F64", "[2, 0]", 11, 11)),
        "f4": \(entry("F4", "[4]", 11, 13)) } \n\t
      """
    let entries = try header(json, data: 13).entries
    #expect(entries.map(\.description.name) == ["", "a", "b", "none", "f4"])
    #expect(entries.map(\.bytes) == [0..<1, 1..<5, 5..<11, 11..<11, 11..<13])
    #expect(
      entries[1].description
        == TensorDescription(name: "a", dtype: .f32, shape: Shape([])))
    #expect(try header("{}", data: 0).entries.isEmpty)
    #expect(try header("{\"__metadata__\":null}", data: 0).entries.isEmpty)
  }

  @Test("knows every dtype and its size", arguments: DType.allCases)
  func dtypes(dtype: DType) throws {
    let size = dtype.bitWidth * 8 / 8
    let json = "{\"a\":\(entry(dtype.rawValue, "[2,4]", 0, size))}"
    #expect(try header(json, data: size).entries.first?.description.dtype == dtype)
    #expect(
      refusal("{\"a\":\(entry(dtype.rawValue.lowercased(), "[2,4]", 0, size))}", data: size) != nil)
  }

  @Test(
    "refuses what is no header",
    arguments: [
      ("", "m.safetensors: header: line 1, column 1: the header is not JSON: is empty, not JSON"),
      (
        "<html>",
        "m.safetensors: header: line 1, column 1: the header is not JSON: expected a value, found '<'"
      ),
      ("[]", "m.safetensors: header: the header is not a JSON object"),
      (
        "{}\0",
        "m.safetensors: header: line 1, column 3: the header is not JSON: unexpected byte 0x00 after"
          + " the end of the JSON value"
      ),
      ("{\"__metadata__\":[]}", "m.safetensors: __metadata__: must be an object of strings"),
      (
        "{\"__metadata__\":{\"a\":1}}",
        "m.safetensors: __metadata__: the value of 'a' is not a string"
      ),
      (
        "{\"a\":\(entry("F32", "[1]", 0, 4)),\"a\":\(entry("F32", "[1]", 0, 4))}",
        "m.safetensors: the header names 'a' twice"
      ),
      (
        "{\"__metadata__\":{},\"__metadata__\":{}}",
        "m.safetensors: the header names '__metadata__' twice"
      ),
    ])
  func structure(json: String, expected: String) {
    #expect(refusal(json, data: 4) == expected)
  }

  @Test(
    "refuses entries that are wrong in themselves",
    arguments: [
      ("1", "its entry in the header is not an object"),
      ("{}", "the header does not give its dtype"),
      ("{\"dtype\":\"F32\",\"data_offsets\":[0,4]}", "the header does not give its shape"),
      ("{\"dtype\":\"F32\",\"shape\":[1]}", "the header does not give its data_offsets"),
      (
        "{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}",
        "the header gives its dtype twice"
      ),
      ("{\"dtype\":5,\"shape\":[1],\"data_offsets\":[0,4]}", "its dtype is not a string"),
      (entry("F31", "[1]", 0, 4), "unknown dtype 'F31'"),
      (entry("F32", "1", 0, 4), "its shape is not a list"),
      (
        entry("F32", "[-1]", 0, 4),
        "its shape holds -1, not a whole number of at most 63 bits"
      ),
      (
        entry("F32", "[1.0]", 0, 4),
        "its shape holds 1.0, not a whole number of at most 63 bits"
      ),
      (
        entry("F32", "[1e0]", 0, 4),
        "its shape holds 1e0, not a whole number of at most 63 bits"
      ),
      (
        entry("F32", "[\"1\"]", 0, 4),
        "its shape holds \"1\", not a whole number of at most 63 bits"
      ),
      (
        entry("F32", "[18446744073709551615]", 0, 4),
        "its shape holds 18446744073709551615, not a whole number of at most 63 bits"
      ),
      (
        entry("F32", "[1,1,1,1,1,1,1,1,1]", 0, 4),
        "its shape has 9 dimensions; at most 8 are supported"
      ),
      (
        "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4]}",
        "its data_offsets are not a list of two numbers"
      ),
      (
        "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-1,3]}",
        "its data_offsets holds -1, not a whole number of at most 63 bits"
      ),
      (entry("F32", "[1]", 4, 0), "its data begins at byte 4, after its end at byte 0"),
      (
        entry("F32", "[2]", 0, 4),
        "shape [2] of F32 takes 8 bytes, but the header gives it 4 (0..<4)"
      ),
      (
        entry("F32", "[4294967296,4294967296]", 0, 0),
        "the size of shape [4294967296, 4294967296] exceeds 64 bits"
      ),
      (
        entry("F32", "[4294967296,2147483648,0]", 0, 0),
        "the size of shape [4294967296, 2147483648, 0] exceeds 64 bits"
      ),
      (
        entry("F32", "[288230376151711744]", 0, 0),
        "the size of shape [288230376151711744] exceeds 64 bits"
      ),
      (
        entry("F6_E2M3", "[3]", 0, 2), "shape [3] of F6_E2M3 takes 18 bits, not whole bytes"
      ),
    ])
  func entries(json: String, expected: String) {
    #expect(refusal("{\"w\":\(json)}", data: 4) == "m.safetensors: tensor 'w': " + expected)
  }

  @Test("refuses holes, overlaps and data that nobody or everybody claims")
  func tiling() {
    let four = "\"a\":\(entry("F32", "[1]", 0, 4))"
    #expect(
      refusal("{\"a\":\(entry("F32", "[1]", 1, 5))}", data: 5)
        == "m.safetensors: tensor 'a': its data begins at byte 1, but the tensors before it end at"
        + " byte 0")
    #expect(
      refusal("{\(four),\"b\":\(entry("F32", "[1]", 5, 9))}", data: 9)
        == "m.safetensors: tensor 'b': its data begins at byte 5, but the tensors before it end at"
        + " byte 4")
    #expect(
      refusal("{\(four),\"b\":\(entry("F32", "[1]", 0, 4))}", data: 4)?
        .hasSuffix("its data begins at byte 0, inside tensor 'a', which ends at byte 4") == true)
    #expect(
      refusal("{\(four),\"b\":\(entry("F32", "[1]", 3, 7))}", data: 7)
        == "m.safetensors: tensor 'b': its data begins at byte 3, inside tensor 'a', which ends at"
        + " byte 4")
    #expect(
      refusal("{\(four)}", data: 5) == "m.safetensors: 1 bytes follow the last tensor")
    #expect(refusal("{}", data: 1) == "m.safetensors: 1 bytes follow the last tensor")
    #expect(
      refusal("{\(four),\"b\":\(entry("F32", "[2]", 4, 12))}", data: 5)
        == "m.safetensors: the file is truncated: the header promises 12 bytes of data, 5 are there"
        + " (tensor 'b' is cut off or missing)")
  }

  @Test("shows foreign names short and without control characters")
  func names() {
    let name = "\\u001b[31m" + String(repeating: "x", count: 500)
    let message = refusal("{\"\(name)\":1}", data: 0)
    #expect(message?.contains("\u{1B}") == false)
    #expect(message?.contains("\u{FFFD}[31mxx") == true)
    #expect((message?.count ?? 0) < 300)
  }

  @Test("keeps tensors apart whose names are canonically equivalent")
  func equivalentNames() throws {
    let json =
      "{\"\u{E9}\":\(entry("U8", "[1]", 0, 1)),\"e\u{301}\":\(entry("U8", "[1]", 1, 2))}"
    #expect(try header(json, data: 2).entries.count == 2)
  }
}
