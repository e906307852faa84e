import SearchSpaces
import Testing

@Suite("Transfer of parameters") struct ParameterTransferTests {
  static func reals(_ names: [String], start: Double = 0.5) -> [SearchParameter] {
    names.map { SearchParameter($0, .real(range: 0...1, start: start)) }
  }

  static func transfer(
    _ source: [SearchParameter], _ target: [SearchParameter]
  ) throws -> ParameterTransfer {
    ParameterTransfer(from: try SearchSpace(source), to: try SearchSpace(target))
  }

  @Test("knots become layers on straight lines, layers knots again") func depth() throws {
    let knots = Self.reals(["w.a[0]", "w.a[1]", "w.a[2]", "w.b"])
    let layers = Self.reals((0..<5).map { "w.a[\($0)]" } + ["w.b[0]", "w.b[1]"])
    let down = try Self.transfer(knots, layers)
    #expect(down.isInterpolated)
    #expect(
      down.genome(Genome(values: [0, 1, 0.5, 0.25])).values == [0, 0.5, 1, 0.75, 0.5, 0.25, 0.25])
    let up = try Self.transfer(layers, knots)
    #expect(
      up.genome(Genome(values: [0, 0.5, 1, 0.75, 0.5, 0.25, 0.75])).values == [0, 1, 0.5, 0.5])
    for shares in down.shares + up.shares {
      #expect(abs(shares.reduce(0) { $0 + $1.weight } - 1) < 1e-15)
    }
  }

  @Test("the same names are carried over exactly, others start where they start") func names()
    throws
  {
    let transfer = try Self.transfer(
      Self.reals(["a", "gone"]), Self.reals(["new", "a"], start: 0.125))
    #expect(!transfer.isInterpolated)
    #expect(!transfer.isEmpty)
    #expect(transfer.genome(Genome(values: [0.3, 0.9])).values == [0.125, 0.3])
    #expect(try Self.transfer(Self.reals(["a"]), Self.reals(["b"])).isEmpty)
  }

  @Test("components follow the coefficient of all tensors") func components() throws {
    let transfer = try Self.transfer(
      Self.reals(["weight.a[0]", "weight.a[1]"]),
      Self.reals(["weight.a.attention[0]", "weight.a.attention[1]", "weight.a.rest"]))
    #expect(transfer.genome(Genome(values: [0.2, 0.8])).values == [0.2, 0.8, 0.5])
  }

  @Test("choices are matched by name, values held in their ranges") func choices() throws {
    let source = [
      SearchParameter("method", .categorical(choices: ["linear", "ties"])),
      SearchParameter("k", .integer(range: 0...9, start: 0)),
    ]
    let target = [
      SearchParameter("method[0]", .categorical(choices: ["ties", "dare_ties"])),
      SearchParameter(
        "method[1]", .categorical(choices: ["ties", "dare_ties"], initial: [0.1, 0.9])),
      SearchParameter("k", .integer(range: 0...5, start: 0)),
    ]
    let transfer = try Self.transfer(source, target)
    #expect(transfer.genome(Genome(values: [1, 7])).values == [0, 0, 5])
    // Nothing is called linear: the start.
    #expect(transfer.genome(Genome(values: [0, 3])).values == [0, 1, 3])
    #expect(transfer.probabilities([0.4, 0.6], of: 0, for: 0) == [1, 0])
    #expect(transfer.probabilities([1, 0], of: 0, for: 1) == nil)
  }

  @Test("numbers and categories of one name have nothing in common") func kinds() throws {
    let transfer = try Self.transfer(
      [SearchParameter("m", .categorical(choices: ["a", "b"]))], Self.reals(["m"]))
    #expect(transfer.isEmpty)
  }

  @Test("population sizes are 4 + ⌊3 ln n⌋, doubled from 30 numbers on")
  func populations() {
    for (numeric, categorical, size) in [
      (1, 0, 4), (2, 0, 6), (10, 0, 10), (10, 10, 12), (29, 5, 14), (30, 0, 28), (52, 4, 32),
      (100, 0, 34), (300, 0, 42), (0, 3, 7), (0, 0, 4),
    ] {
      #expect(defaultPopulationSize(numeric: numeric, categorical: categorical) == size)
    }
  }
}
