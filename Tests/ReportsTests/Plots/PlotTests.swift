import Testing

@testable import Reports

@Suite("Plots") struct PlotTests {
  @Test(
    "put ticks at round values",
    arguments: [
      (0.0, 1.0, 5, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
      (0, 200, 4, ["0", "50", "100", "150", "200"]),
      (0.38, 0.68, 7, ["0.40", "0.45", "0.50", "0.55", "0.60", "0.65"]),
      (-0.2, 1.6, 5, ["0.0", "0.5", "1.0", "1.5"]),
      (3, 4, 1, ["3", "4"]),
      (0, 12_345, 5, ["0", "5000", "10000"]),
      (0.000_12, 0.000_34, 3, ["0.0002", "0.0003"]),
    ])
  func ticks(low: Double, high: Double, count: Int, labels: [String]) {
    let scale = LinearScale(covering: [low, high], from: 0, to: 100)
    #expect(scale.ticks(atMost: count).map(\.label) == labels)
  }

  @Test("keep ticks inside the scale, at most as many as asked for", arguments: 0..<60)
  func tickBounds(seed: Int) {
    let low = Double(seed % 7) * 1.37 - 3
    let high = low + (0.001 * Double(seed + 1)) * Double(1 << (seed % 20))
    let scale = LinearScale(covering: [low, high], from: 10, to: 410)
    let ticks = scale.ticks(atMost: 6)
    #expect(ticks.count <= 7 && !ticks.isEmpty)
    #expect(ticks.allSatisfy { (10 - 1e-6...410 + 1e-6).contains($0.position) })
    #expect(Set(ticks.map(\.label)).count == ticks.count)
  }

  @Test("map the ends of the data to the ends of the axis, whatever the data")
  func scales() {
    let scale = LinearScale(covering: [2, 4, .nan, .infinity], from: 300, to: 100)
    #expect(scale(2) == 300 && scale(4) == 100 && scale(3) == 200)
    let padded = LinearScale(covering: [0, 10], padding: 0.05, from: 0, to: 1)
    #expect(padded.low == -0.5 && padded.high == 10.5)
    let single = LinearScale(covering: [0.5], from: 0, to: 100)
    #expect(abs(single(0.5) - 50) < 1e-9)
    let none = LinearScale(covering: [], from: 0, to: 100)
    #expect(none.low == 0 && none.high == 1)
  }

  @Test("move labels apart and keep them inside")
  func labels() {
    #expect(spread([10, 50, 90], apart: 14, from: 0, to: 100) == [10, 50, 90])
    #expect(spread([10, 12, 13], apart: 14, from: 0, to: 100) == [10, 24, 38])
    #expect(spread([90, 92, 99], apart: 14, from: 0, to: 100) == [72, 86, 100])
    #expect(spread([], apart: 14, from: 0, to: 100) == [])
    // More than there is room for: still apart, from the top.
    #expect(spread([1, 2, 3], apart: 14, from: 0, to: 20) == [0, 14, 28])
  }

  @Test("draw dots, lines with gaps, and steps")
  func series() {
    var plot = XYPlot(title: "T", summary: "S", xLabel: "x", yLabel: "y")
    let points = [(x: 0.0, y: 0.0), (x: 1.0, y: .nan), (x: 2.0, y: 1.0), (x: 3.0, y: 1.0)]
    plot.series = [
      .init(name: "d", style: .candidate, shape: .dots, points: points),
      .init(name: "l", style: .mean, shape: .line, points: points),
      .init(name: "s", style: .best, shape: .steps, points: points),
    ]
    let source = plot.svg(width: 400, id: "p", variant: "wide").source
    func data(_ style: String) -> [Character] {
      guard let start = source.firstRange(of: "s-\(style)\" d=\"") else { return [] }
      let rest = source[start.upperBound...]
      return rest[..<(rest.firstIndex(of: "\"") ?? rest.endIndex)].filter(\.isLetter)
    }
    #expect(data("candidate") == ["M", "h", "M", "h", "M", "h"])
    #expect(data("mean") == ["M", "M", "L"])
    #expect(data("best") == ["M", "M", "H", "V"])
    #expect(source.contains("<title id=\"p-wide-title\">T</title>"))
    #expect(source.contains("<desc id=\"p-wide-text\">S</desc>"))
  }

  @Test("stay in their frame at every width", arguments: [300.0, 340, 860, 1400])
  func frames(width: Double) {
    var plot = XYPlot(title: "T", summary: "S", xLabel: "x", yLabel: "y", xOrigin: 0)
    plot.series = [
      .init(name: "d", style: .candidate, shape: .line, points: [(5, -1), (10, 7), (20, 3)])
    ]
    plot.references = (0..<6).map {
      .init(name: "a rather long name of a model, \($0)", style: .expert, y: 6.9)
    }
    plot.marks = [.init(name: String(repeating: "winner ", count: 20), style: .winner, x: 20, y: 7)]
    let source = plot.svg(width: width, id: "p", variant: "wide").source
    for match in source.matches(
      of: /<text class="[a-z -]*" x="([-0-9.]+)" y="([-0-9.]+)" text-anchor="([a-z]+)">([^<]*)</)
    {
      let x = Double(match.1) ?? -1
      let length = Double(match.4.count) * characterWidth
      let start = match.3 == "start" ? x : match.3 == "end" ? x - length : x - length / 2
      #expect(start >= -12 && start + length <= width + 12, "\(match.0)")
    }
  }

  @Test("colour cells by magnitude and name each")
  func heatMap() {
    let map = HeatMap(
      title: "T", summary: "S", columns: ["embedding", "0", "1"],
      rows: [
        .init(name: "left", values: [nil, 0.5, -1]), .init(name: "right", values: [0, 1, .nan]),
      ])
    let source = map.svg(width: 600, id: "h", variant: "wide").source
    #expect(source.contains("<title>left, 0: 0.5000</title>"))
    #expect(source.contains("<title>left, 1: -1.0000</title>"))
    #expect(source.contains("<title>right, embedding: 0.0000</title>"))
    // Without value or number, no cell.
    #expect(!source.contains("left, embedding") && !source.contains("right, 1"))
    #expect(source.contains("fill-opacity=\"0.375\""))
    #expect(source.contains("fill-opacity=\"0.750\""))
    // Numbers only where they have room.
    #expect(source.contains(">0.50</text>"))
    let narrow = HeatMap(
      title: "T", summary: "S", columns: (0..<40).map(String.init),
      rows: [.init(name: "left", values: [Double?](repeating: 0.25, count: 40))])
    #expect(!narrow.svg(width: 340, id: "h", variant: "narrow").source.contains("class=\"cell\""))
    // A negative one in each of the eight columns of the demo family, on a phone.
    let phone = HeatMap(
      title: "T", summary: "S", columns: (0..<8).map(String.init),
      rows: [.init(name: "numerals", values: [Double?](repeating: -0.05, count: 8))])
    let drawn = phone.svg(width: 340, id: "h", variant: "narrow").source
    #expect(drawn.matches(of: />-0\.05<\/text>/).count == 8 + 1)
  }

  @Test("keep names of points off the name of the axis")
  func axisName() throws {
    var plot = XYPlot(title: "T", summary: "S", xLabel: "numerals", yLabel: "letters_generated")
    // In the upper left corner, where a name above the point would meet the axis name.
    plot.marks = [
      .init(name: "letters", style: .expert, x: 0, y: 1),
      .init(name: "base", style: .base, x: 1, y: 0),
    ]
    let source = plot.svg(width: 340, id: "p", variant: "small").source
    let place = try #require(
      source.firstMatch(of: /class="name" x="([0-9.]+)" y="([0-9.]+)"[^>]*>letters</))
    let (x, y) = (try #require(Double(place.1)), try #require(Double(place.2)))
    let end = 4 + Double("letters_generated".count) * characterWidth
    #expect(y - 11 >= 12 + 3 || x >= end, "at \(x), \(y)")
  }

  @Test("draw differences with their intervals on one scale")
  func intervals() {
    let plot = IntervalPlot(
      title: "T", summary: "S", xLabel: "gain",
      rows: [
        .init(name: "best parent, a", value: 0.2, low: 0.1, high: 0.3, isMain: true),
        .init(name: "b", value: -0.1, low: -0.2, high: 0, isMain: false),
      ])
    let source = plot.svg(width: 600, id: "i", variant: "wide").source
    #expect(source.contains("<title>best parent, a: +0.2000, +0.1000 to +0.3000</title>"))
    #expect(source.contains("<title>b: -0.1000, -0.2000 to +0.0000</title>"))
    #expect(source.matches(of: /class="interval/).count == 2)
  }
}
