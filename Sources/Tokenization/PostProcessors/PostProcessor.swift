import Diagnostics

/// What surrounds the tokens of a text: every post-processor of a single text comes down to this.
struct PostProcessor: Sendable {
  enum Item: Sendable, Hashable {
    case text
    case tokens([Int])
  }

  let items: [Item]

  /// Leaves texts as they are.
  static let none = PostProcessor(items: [.text])

  /// Appends the tokens of the text, with the special tokens if asked.
  func append(_ ids: [Int], addSpecialTokens: Bool) -> [Int] {
    var output: [Int] = []
    for item in items {
      switch item {
      case .text: output.append(contentsOf: ids)
      case .tokens(let tokens): if addSpecialTokens { output.append(contentsOf: tokens) }
      }
    }
    return output
  }

  /// This processor first, then `next` around its result.
  func followed(by next: PostProcessor) -> PostProcessor {
    PostProcessor(items: next.items.flatMap { $0 == .text ? items : [$0] })
  }
}

let postProcessors = Registry<ComponentReader<PostProcessor>>(
  "post-processor",
  [
    ("Sequence", ComponentReader(PostProcessor.readSequence)),
    ("TemplateProcessing", ComponentReader(PostProcessor.readTemplate)),
    // It changes offsets only.
    ("ByteLevel", ComponentReader { _ in .none }),
    ("RobertaProcessing", ComponentReader(PostProcessor.readClassifierAndSeparator)),
    ("BertProcessing", ComponentReader(PostProcessor.readClassifierAndSeparator)),
  ])

extension PostProcessor {
  fileprivate static func readSequence(_ node: JSONNode) throws(Diagnostic) -> PostProcessor {
    var result = PostProcessor.none
    for element in try node.required("processors").elements() {
      result = result.followed(by: try postProcessors.component(element))
    }
    return result
  }

  /// `cls`, the text, `sep`; each is a pair of token and id.
  fileprivate static func readClassifierAndSeparator(
    _ node: JSONNode
  ) throws(Diagnostic) -> PostProcessor {
    func id(_ key: String) throws(Diagnostic) -> Int {
      let pair = try node.required(key)
      let elements = try pair.elements()
      guard elements.count == 2 else { throw pair.wrongType("a token and its id") }
      return try elements[1].tokenID()
    }
    return PostProcessor(items: [.tokens([try id("cls")]), .text, .tokens([try id("sep")])])
  }
}
