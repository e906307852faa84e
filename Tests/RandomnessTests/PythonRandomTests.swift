import Randomness
import Testing

/// Figures of CPython's `random.Random`.
@Suite("Python's random numbers") struct PythonRandomTests {
  @Test("are the words of MT19937 under CPython's seeds")
  func words() {
    var random = PythonRandom(seed: 1234)
    let first = (0..<5).map { _ in random.next() }
    #expect(first == [4_150_886_329, 3_342_196_574, 1_892_932_127, 501_869_158, 32_175_636])
    for (seed, word) in [
      (7, 1_390_851_128), (-7, 1_390_851_128), ((1 << 40) + 5, 2_166_296_868),
    ] as [(Int, UInt32)] {
      var random = PythonRandom(seed: seed)
      #expect(random.next() == word)
    }
  }

  @Test("give numbers between 0 and 1")
  func unit() {
    var random = PythonRandom(seed: 1234)
    #expect(random.unit() == 0.966_453_535_692_138_8)
    #expect(random.unit() == 0.440_732_599_175_352_7)
    #expect(random.unit() == 0.007_491_470_058_587_191)
    var zero = PythonRandom(seed: 0)
    #expect((0..<10).map { _ in Int(zero.unit() * 10) } == [8, 7, 4, 2, 5, 4, 7, 3, 4, 5])
  }

  @Test("draw samples from a pool and from a set")
  func samples() {
    var random = PythonRandom(seed: 1234)
    #expect(random.sample(5, of: 30) == [24, 14, 3, 0, 2])
    #expect(random.sample(5, of: 30) == [29, 25, 18, 1, 21])
    func first(_ size: Int, of count: Int) -> [Int] {
      var random = PythonRandom(seed: 1234)
      return random.sample(size, of: count)
    }
    #expect(first(3, of: 30) == [24, 14, 3])
    #expect(first(5, of: 1000) == [989, 796, 451, 119, 7])
    #expect(first(2, of: 21) == [14, 3])
    #expect(first(2, of: 22) == [14, 3])
    #expect(first(0, of: 4).isEmpty)
  }
}
