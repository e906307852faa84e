import Reports
import Testing

@Suite("A sparkline") struct SparklineTests {
  @Test("spans the values from the lowest to the highest block")
  func shape() {
    #expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█")
    #expect(sparkline([0.5, nil, 0.25]) == "█ ▁")
    #expect(sparkline([0.5, 0.5]) == "▁▁")
    #expect(sparkline([nil, .nan]) == "")
    #expect(sparkline([]) == "")
  }

  @Test("gathers long histories into groups, shown by their greatest")
  func groups() {
    #expect(sparkline((0..<8).map { Double($0) }, width: 4) == "▁▃▆█")
    #expect(sparkline((0..<1000).map { Double($0) }).count == 60)
  }
}
