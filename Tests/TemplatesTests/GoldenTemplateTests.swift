import Diagnostics
import Documents
import Templates
import TestSupport
import Testing

/// What Jinja 3.1 makes of templates in the environments of lm-evaluation-harness 0.4.13 and transformers 5.23.
///
/// Written by `Benchmarks/parity/templates.py`.
@Suite("Templates as Jinja renders them") struct GoldenTemplateTests {
  static let folder = String(#filePath.dropLast("GoldenTemplateTests.swift".count)) + "Golden/"

  static func lines(_ name: String) throws -> (header: JSONValue, cases: [JSONValue]) {
    let rows = try JSONLines.read(path: folder + name).rows.map(\.value)
    return (try #require(rows.first), Array(rows.dropFirst()))
  }

  @Test("prompts, or an error where Jinja raises one")
  func tasks() throws {
    let (header, cases) = try Self.lines("tasks.jsonl")
    let row = try #require(header["row"])
    #expect(cases.count > 90)
    for golden in cases {
      let source = try #require(golden["source"]?.string)
      let text = Result<String, any Error> { try Template(source, at: "t").render(row, at: "r") }
      compare(text, golden, source)
    }
  }

  @Test("chat templates, or an error where transformers raises one")
  func chats() throws {
    let (header, cases) = try Self.lines("chats.jsonl")
    #expect(cases.count > 160)
    let date = TemplateDate("2024-07-26")
    for golden in cases {
      let name = try #require(golden["name"]?.string)
      let template = try ChatTemplate(
        #require(header["templates"]?[name]?.string),
        specialTokens: [.init("bos_token", .string("<s>")), .init("eos_token", .string("</s>"))],
        path: name)
      let messages = try #require(golden["messages"]?.array).map { message in
        ChatMessage(
          try #require(message["role"]?.string.flatMap(ChatMessage.Role.init)),
          try #require(message["content"]?.string))
      }
      let opensAnswer = try #require(golden["opensAnswer"]).bool == true
      let text = Result<String, any Error> {
        try template.render(messages, opensAnswer: opensAnswer, date: date, at: "r")
      }
      compare(text, golden, "\(name) \(messages.map(\.content))")
    }
  }

  /// Either the very text, byte for byte, or an error on both sides.
  private func compare(_ text: Result<String, any Error>, _ golden: JSONValue, _ name: String) {
    switch (text, golden["text"]?.string) {
    case (.success(let text), let expected?):
      #expect(text.utf8.elementsEqual(expected.utf8), "\(name): '\(text)' for '\(expected)'")
    case (.failure, nil): break
    case (.success(let text), nil): Issue.record("\(name): '\(text)' where there is an error")
    case (.failure(let error), _?): Issue.record("\(name): \(error)")
    }
  }
}
