import Randomness
import Testing

@testable import Kernels

@Suite("Merge reductions against plain Swift")
struct MergeReductionTests {
  @Test("products land in their lanes, for all tails", arguments: 0...67)
  func products(count: Int) {
    let (a, b) = (rowSample(count, seed: 1), rowSample(count, seed: 2))
    let stack = stack([a, b])
    var lanes = (0..<MergeStack.lanes).map { Double($0) }
    var expected = lanes
    stack.addProducts(0, 1, to: &lanes)
    for index in 0..<count { expected[index % 16] += Double(a[index]) * Double(b[index]) }
    #expect(lanes == expected)
  }

  @Test("bins count distances and add up their lower bits exactly", arguments: [0, 1, 67, 5000])
  func bins(count: Int) {
    let (x, base) = (rowSample(count, seed: 3), rowSample(count, seed: 4))
    var stack = stack([base, x])
    stack.measureDistances(of: 1, from: 0)
    var bins = MagnitudeBins()
    stack.countDistances(into: &bins)
    var expected = MagnitudeBins()
    for (x, base) in zip(x, base) {
      let key = abs(x - base).bitPattern
      expected.counts[Int(key >> 15)] += 1
      expected.lowSums[Int(key >> 15)] += UInt64(key & 0x7FFF)
    }
    #expect(bins.counts == expected.counts)
    #expect(bins.lowSums == expected.lowSums)
  }

  @Test("counts the values of one bin", arguments: [0, 1, 63, 64, 200, 5000])
  func keys(count: Int) {
    let x = rowSample(count, seed: 5)
    var stack = stack([[Float](repeating: 0, count: count), x])
    stack.measureDistances(of: 1, from: 0)
    let bin = Int(Float(0.25).bitPattern >> 15)
    var counts = [UInt32](repeating: 0, count: MagnitudeBins.keysPerBin)
    stack.countDistances(inBin: bin, into: &counts)
    var expected = [UInt32](repeating: 0, count: MagnitudeBins.keysPerBin)
    for value in x where Int(abs(value).bitPattern >> 15) == bin {
      expected[Int(abs(value).bitPattern & 0x7FFF)] += 1
    }
    #expect(counts == expected)
  }

  @Test("finds the n-th of equal distances")
  func ties() {
    let x: [Float] = [1, -2, 3, 2, 0, 2, -2]
    var stack = stack([[Float](repeating: 0, count: 7), x], first: 50)
    stack.measureDistances(of: 1, from: 0)
    let key = Float(2).bitPattern
    #expect(stack.findDistance(key, after: 0) == .at(51))
    #expect(stack.findDistance(key, after: 2) == .at(55))
    #expect(stack.findDistance(key, after: 4) == .passed(4))
    #expect(stack.findDistance(Float(9).bitPattern, after: 0) == .passed(0))
  }

  @Test("sums distances by the words of their elements", arguments: [0, 7, 1 << 33], [0, 5, 300])
  func masks(first: Int, count: Int) {
    let words = ElementWords(maskSeed: 3, tensor: "model.norm.weight", position: 0)
    let (x, base) = (rowSample(count, seed: 6), rowSample(count, seed: 7))
    var stack = stack([base, x], first: first)
    stack.measureDistances(of: 1, from: 0)
    var sums = [Double](repeating: 0, count: MergeStack.maskBins)
    stack.addDistances(byMaskOf: words.key, to: &sums)
    let range = UInt64(1) << 30..<UInt64(3) << 30 | 12345
    var sum = 0.5
    stack.addDistances(whereMaskOf: words.key, liesIn: range, to: &sum)
    var expectedSums = [Double](repeating: 0, count: MergeStack.maskBins)
    var expected = 0.5
    for index in 0..<count {
      let word = words.word(at: first + index)
      let distance = Double(abs(x[index] - base[index]))
      expectedSums[Int(word >> 20)] += distance
      if range.contains(UInt64(word)) { expected += distance }
    }
    #expect(sums == expectedSums)
    #expect(sum == expected)
  }

  @Test("a range up to 2³² takes every word")
  func allWords() {
    var stack = stack([[0, 0, 0], [1, 2, 4]])
    stack.measureDistances(of: 1, from: 0)
    var sum = 0.0
    stack.addDistances(whereMaskOf: 1, liesIn: 0..<1 << 32, to: &sum)
    #expect(sum == 7)
  }
}
