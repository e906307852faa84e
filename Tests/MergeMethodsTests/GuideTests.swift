import Foundation
import Testing

/// The README shows how a method was added; what it shows must be what stands in the sources.
@Suite("The guide to a new merge method")
struct GuideTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ path: String) throws -> String {
    try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
  }

  @Test("shows the code as it is")
  func snippets() throws {
    let parts = try text("README.md").components(separatedBy: "### Add a merge method\n")
    let guide = try #require(parts.last?.components(separatedBy: "\n## ").first)
    let blocks = guide.components(separatedBy: "```")
    let snippets = stride(from: 1, to: blocks.count, by: 2).map { blocks[$0] }
      .filter { $0.hasPrefix("swift\n") }.map { String($0.dropFirst(6)) }
    #expect(snippets.count == 2)
    let sources =
      try text("Sources/Recipes/MethodDeclarations+BaseRelative.swift")
      + text("Sources/MergeMethods/BaseRelative/Nearswap.swift")
    for snippet in snippets { #expect(sources.contains(snippet), "\(snippet)") }
    #expect(try text("Sources/MergeMethods/MergeMethod+Registry.swift").contains("Nearswap.self,"))
  }
}
