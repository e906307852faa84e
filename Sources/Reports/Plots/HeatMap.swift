/// Values in rows and columns as colours: blue above zero, orange below, none at zero.
struct HeatMap: Plot {
  struct Row: Sendable {
    var name: String
    /// One per column; nil where the row has no value.
    var values: [Double?]
  }

  var title: String
  var summary: String
  var columns: [String]
  var rows: [Row]

  /// The colour of the greatest magnitude is this strong, so that text on it can be read.
  private static let strongest = 0.75

  /// Of a digit in a cell, in pixels: cells have smaller letters than labels.
  private static let digitWidth = 6.2

  func drawing(width: Double) -> (content: [Markup], height: Double) {
    let longest = rows.map(\.name.count).max() ?? 0
    let left = min(Double(longest) * characterWidth + 10, width * 0.28)
    let top = 24.0
    let cellWidth = (width - left - 2) / Double(max(1, columns.count))
    let cellHeight = 26.0
    var content = header(left: left, cellWidth: cellWidth)
    for (index, row) in rows.enumerated() {
      let y = top + Double(index) * cellHeight
      content.append(
        label(
          fitted(row.name, width: left - 8), x: left - 6, y: y + cellHeight / 2 + 4,
          class: "name", anchor: "end"))
      for (column, value) in row.values.enumerated() {
        guard let value, value.isFinite else { continue }
        content.append(
          cell(
            value, row: row.name, column: columns[column], x: left + Double(column) * cellWidth,
            y: y, width: cellWidth, height: cellHeight))
      }
    }
    let bottom = top + Double(rows.count) * cellHeight
    return (content + key(left: left, y: bottom + 14, width: width), bottom + 44)
  }

  private var greatest: Double {
    rows.flatMap { $0.values }.compactMap(\.self).filter(\.isFinite).map { abs($0) }.max() ?? 0
  }

  /// Column names, as many as have room.
  private func header(left: Double, cellWidth: Double) -> [Markup] {
    let widest = Double(columns.map(\.count).max() ?? 1) * characterWidth + 6
    let every = max(1, Int((widest / cellWidth).rounded(.up)))
    return columns.enumerated().compactMap { index, name in
      let isEnd = index == 0 || index == columns.count - 1
      let isFree = index % every == 0 && index < columns.count - every && index >= every
      guard isEnd || isFree else { return nil }
      return label(
        name, x: left + (Double(index) + 0.5) * cellWidth, y: 16, anchor: "middle")
    }
  }

  private func cell(
    _ value: Double, row: String, column: String, x: Double, y: Double, width: Double,
    height: Double
  ) -> Markup {
    let strength = greatest > 0 ? abs(value) / greatest * Self.strongest : 0
    let box = Markup.element(
      "rect",
      [
        "class": value < 0 ? "below" : "above", "x": pixels(x), "y": pixels(y),
        "width": pixels(max(0.5, width - 1)), "height": pixels(height - 1),
        "fill-opacity": fixed(strength, 3),
      ])
    let text = fixed(value, 2)
    let isWide = Double(text.count) * Self.digitWidth + 2 <= width
    let number = label(
      text, x: x + width / 2, y: y + height / 2 + 4, class: "cell", anchor: "middle")
    return .element(
      "g", [:],
      [.element("title", text: "\(row), \(column): \(fixed(value, 4))"), box]
        + (isWide ? [number] : []))
  }

  /// Which colour is which value, from the least (at most zero) to the greatest (at least zero).
  private func key(left: Double, y: Double, width: Double) -> [Markup] {
    let values = rows.flatMap { $0.values }.compactMap(\.self).filter(\.isFinite)
    let scale = LinearScale(
      covering: [min(0, values.min() ?? 0), max(0, values.max() ?? 0)], from: left,
      to: left + min(200, width - left))
    guard greatest > 0 else { return [] }
    let count = 20
    let step = (scale.end - scale.start) / Double(count)
    var content = (0..<count).map { index -> Markup in
      let x = scale.start + Double(index) * step
      let value = scale.low + (Double(index) + 0.5) / Double(count) * (scale.high - scale.low)
      return .element(
        "rect",
        [
          "class": value < 0 ? "below" : "above", "x": pixels(x), "y": pixels(y),
          "width": pixels(step + 0.1), "height": "8",
          "fill-opacity": fixed(min(1, abs(value) / greatest) * Self.strongest, 3),
        ])
    }
    content.append(label(fixed(scale.low, 2), x: scale.start, y: y + 22))
    if scale(0) - scale.start > 40, scale.end - scale(0) > 40 {
      content.append(label("0", x: scale(0), y: y + 22, anchor: "middle"))
    }
    content.append(label(fixed(scale.high, 2), x: scale.end, y: y + 22, anchor: "end"))
    return content
  }
}
