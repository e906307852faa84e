/// Points, lines and steps over two numeric axes, with horizontal lines to compare them with.
struct XYPlot: Plot {
  /// What a series or a line stands for; the page's style sheet gives each a colour and a shape.
  enum Style: String, Sendable {
    case candidate, best, mean, base, expert, simple, winner, front, rate
  }

  struct Series: Sendable {
    enum Shape: Sendable {
      case dots, line
      /// Keeps each value until the next.
      case steps
      /// Takes each value from the one before on: what a front of points attains.
      case drops
    }

    var name: String
    var style: Style
    var shape: Shape
    var points: [(x: Double, y: Double)]
  }

  /// A horizontal line with its name at the right end.
  struct Reference: Sendable {
    var name: String
    var style: Style
    var y: Double
  }

  /// A single point with its name beside it.
  struct Mark: Sendable {
    var name: String
    var style: Style
    var x: Double
    var y: Double
  }

  var title: String
  var summary: String
  var xLabel: String
  var yLabel: String
  /// Where the axes begin at the latest; nil where the values alone decide.
  var xOrigin: Double?
  var yOrigin: Double?
  var series: [Series] = []
  var references: [Reference] = []
  var marks: [Mark] = []

  func drawing(width: Double) -> (content: [Markup], height: Double) {
    let height = width < 500 ? 300.0 : 380.0
    let right = references.isEmpty ? 14 : min(170, width * 0.27)
    let frame = Frame(left: 52, top: 22, right: width - right, bottom: height - 42)
    let points = series.flatMap(\.points) + marks.map { ($0.x, $0.y) }
    let x = LinearScale(
      covering: points.map(\.x) + (xOrigin.map { [$0] } ?? []), padding: xOrigin == nil ? 0.05 : 0,
      from: frame.left, to: frame.right)
    let y = LinearScale(
      covering: points.map(\.y) + references.map(\.y) + (yOrigin.map { [$0] } ?? []),
      padding: 0.05, from: frame.bottom, to: frame.top)
    var content = axes(frame, x, y)
    content += references.map { reference in
      let height = y(reference.y)
      return line(
        from: (frame.left, height), to: (frame.right, height),
        class: "reference s-\(reference.style.rawValue)")
    }
    content += series.map { path($0, x, y) }
    content += referenceLabels(frame, y, width: width)
    let visible = marks.filter { $0.x.isFinite && $0.y.isFinite }
    content += visible.map { diamond($0, x, y) }
    var names = LabelPlacer(
      left: frame.left, right: frame.right, top: frame.top, bottom: frame.bottom,
      points: visible.map { (x($0.x), y($0.y)) })
    names.avoid(yLabel, at: Self.yLabelPlace)
    content += visible.map { names.label($0.name, at: (x($0.x), y($0.y))) }
    return (content, height)
  }

  /// Where the name of the vertical axis begins.
  private static let yLabelPlace = (x: 4.0, y: 12.0)

  private struct Frame {
    var left: Double
    var top: Double
    var right: Double
    var bottom: Double
  }

  private func axes(_ frame: Frame, _ x: LinearScale, _ y: LinearScale) -> [Markup] {
    var content: [Markup] = []
    for tick in y.ticks(atMost: Int((frame.bottom - frame.top) / 45)) {
      content.append(
        line(from: (frame.left, tick.position), to: (frame.right, tick.position), class: "grid"))
      content.append(
        label(tick.label, x: frame.left - 6, y: tick.position + 4, anchor: "end"))
    }
    for tick in x.ticks(atMost: Int((frame.right - frame.left) / 60)) {
      content.append(
        line(
          from: (tick.position, frame.bottom), to: (tick.position, frame.bottom + 4), class: "axis")
      )
      content.append(label(tick.label, x: tick.position, y: frame.bottom + 17, anchor: "middle"))
    }
    content.append(
      line(from: (frame.left, frame.bottom), to: (frame.right, frame.bottom), class: "axis"))
    content.append(label(yLabel, x: Self.yLabelPlace.x, y: Self.yLabelPlace.y, class: "axis-name"))
    content.append(
      label(xLabel, x: frame.right, y: frame.bottom + 35, class: "axis-name", anchor: "end"))
    return content
  }

  /// Points that are no numbers are left out; a line has a gap there.
  private func path(_ series: Series, _ x: LinearScale, _ y: LinearScale) -> Markup {
    var data = ""
    var isDrawing = false
    for point in series.points {
      guard point.x.isFinite, point.y.isFinite else {
        isDrawing = false
        continue
      }
      let place = (x: pixels(x(point.x)), y: pixels(y(point.y)))
      switch series.shape {
      case .dots: data += "M\(place.x) \(place.y)h0"
      case .line: data += "\(isDrawing ? "L" : "M")\(place.x) \(place.y)"
      case .steps: data += isDrawing ? "H\(place.x)V\(place.y)" : "M\(place.x) \(place.y)"
      case .drops: data += isDrawing ? "V\(place.y)H\(place.x)" : "M\(place.x) \(place.y)"
      }
      isDrawing = true
    }
    let shape = series.shape == .dots ? "dots" : "line"
    return .element("path", ["class": "\(shape) s-\(series.style.rawValue)", "d": data])
  }

  /// Names at the right end of their lines, moved apart where lines are close.
  private func referenceLabels(_ frame: Frame, _ y: LinearScale, width: Double) -> [Markup] {
    let sorted = references.enumerated().sorted { (y($0.1.y), $0.0) < (y($1.1.y), $1.0) }
    let places = spread(
      sorted.map { y($0.1.y) }, apart: 14, from: frame.top, to: frame.bottom)
    return zip(sorted, places).flatMap { entry, place in
      let reference = entry.element
      return [
        line(
          from: (frame.right, y(reference.y)), to: (frame.right + 8, place),
          class: "leader s-\(reference.style.rawValue)"),
        label(
          fitted(reference.name, width: width - frame.right - 14), x: frame.right + 11,
          y: place + 4, class: "name"),
      ]
    }
  }

  private func diamond(_ mark: Mark, _ x: LinearScale, _ y: LinearScale) -> Markup {
    .element(
      "path",
      [
        "class": "mark s-\(mark.style.rawValue)",
        "d": "M\(pixels(x(mark.x))) \(pixels(y(mark.y) - 6))l6 6l-6 6l-6 -6z",
      ], [.element("title", text: mark.name)])
  }
}
