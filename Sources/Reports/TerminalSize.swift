/// Columns and lines of a terminal.
public struct TerminalSize: Sendable, Hashable {
  public var width: Int
  public var height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// What `stty size` prints: lines, then columns; nil for anything else and for a terminal of no size.
  public init?(ofListing text: String) {
    let numbers = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
    guard numbers.count == 2, let height = numbers[0], let width = numbers[1], height > 0, width > 0
    else { return nil }
    self.init(width: width, height: height)
  }
}
