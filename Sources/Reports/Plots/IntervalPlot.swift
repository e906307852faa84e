/// Named differences with their intervals, beside a line at zero.
struct IntervalPlot: Plot {
  struct Row: Sendable {
    var name: String
    var value: Double
    var low: Double
    var high: Double
    /// Whether the verdict rests on it.
    var isMain: Bool
  }

  var title: String
  var summary: String
  var xLabel: String
  var rows: [Row]

  func drawing(width: Double) -> (content: [Markup], height: Double) {
    let isNarrow = width < 500
    let longest = Double(rows.map(\.name.count).max() ?? 0)
    // Without room at the side, names stand above their intervals.
    let left = isNarrow ? 12 : min(longest * characterWidth + 14, width * 0.45)
    let (top, rowHeight) = (8.0, isNarrow ? 46.0 : 30.0)
    let bottom = top + Double(rows.count) * rowHeight
    let x = LinearScale(
      covering: rows.flatMap { [$0.low, $0.high] } + [0], padding: 0.06, from: left,
      to: width - 12)
    var content: [Markup] = []
    for tick in x.ticks(atMost: Int((width - left) / 70)) {
      content.append(
        line(from: (tick.position, top), to: (tick.position, bottom), class: "grid"))
      content.append(label(tick.label, x: tick.position, y: bottom + 16, anchor: "middle"))
    }
    content.append(line(from: (x(0), top), to: (x(0), bottom), class: "axis"))
    for (index, row) in rows.enumerated() {
      let y = top + (Double(index) + (isNarrow ? 0.7 : 0.5)) * rowHeight
      let style = row.isMain ? "s-winner" : "s-mean"
      content += [
        label(
          fitted(row.name, width: isNarrow ? width - 20 : left - 12),
          x: isNarrow ? 8 : left - 10, y: isNarrow ? y - 12 : y + 4,
          class: row.isMain ? "name strong" : "name", anchor: isNarrow ? "start" : "end"),
        .element(
          "path",
          [
            "class": "interval \(style)",
            "d": "M\(pixels(x(row.low))) \(pixels(y))H\(pixels(x(row.high)))"
              + "M\(pixels(x(row.low))) \(pixels(y - 5))v10"
              + "M\(pixels(x(row.high))) \(pixels(y - 5))v10",
          ],
          [
            .element(
              "title",
              text: "\(row.name): \(signed(row.value, 4)), "
                + "\(signed(row.low, 4)) to \(signed(row.high, 4))")
          ]),
        .element(
          "path", ["class": "dots \(style)", "d": "M\(pixels(x(row.value))) \(pixels(y))h0"]),
      ]
    }
    content.append(
      label(xLabel, x: width - 12, y: bottom + 34, class: "axis-name", anchor: "end"))
    return (content, bottom + 40)
  }
}
