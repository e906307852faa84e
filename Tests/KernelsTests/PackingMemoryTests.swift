import Testing

@testable import Kernels

@Suite("Memory of packed weights") struct PackingMemoryTests {
  @Test("is used again for what fits, and not while it is in use") func reuse() {
    func address(_ memory: PackedMemory) -> UInt { unsafe UInt(bitPattern: memory.start) }
    let source = PackingMemory()
    var first: PackedMemory? = PackedMemory(4096, from: source)
    let place = first.map(address)
    let second = PackedMemory(4096, from: source)
    #expect(address(second) != place)
    first = nil
    let third = PackedMemory(1024, from: source)
    #expect(address(third) == place)
    #expect(address(PackedMemory(4096, from: source)) != place)
  }

  @Test(
    "that other weights have left gives the same products",
    arguments: GemmBackend.available, GemmPrecision.allCases)
  func leftWeights(backend: GemmBackend, precision: GemmPrecision) throws {
    guard backend.supports(precision) else { return }
    let gemm = Gemm(backend, precision)
    // No multiples of a layout's blocks, whose rests no weights fill.
    let shapes = [(outputs: 67, inputs: 129), (outputs: 485, inputs: 37), (outputs: 5, inputs: 3)]

    func pack(
      _ shapes: [(outputs: Int, inputs: Int)], in memory: PackingMemory, _ weight: (Int) -> Float
    ) throws -> [PackedMatrix] {
      try gemm.packings(shapes, in: memory).map { packing in
        for slice in 0..<packing.sliceCount {
          try packing.pack(slice: slice) { _, rows in
            for index in 0..<rows.count { rows[index] = weight(index) }
          }
        }
        return packing.matrix
      }
    }

    func products(_ matrices: [PackedMatrix]) -> [[Float]] {
      matrices.map { matrix in
        let rows = (0..<gemm.heights[0] * matrix.inputs).map { Float($0 % 7) - 3 }
        var output = [Float](repeating: .nan, count: gemm.heights[0] * matrix.outputs)
        var span = output.mutableSpan
        gemm.multiply(rows.span, matrix, into: &span)
        return output
      }
    }

    let expected = products(try pack(shapes, in: PackingMemory()) { Float($0 % 11) / 8 })
    let memory = PackingMemory()
    do {
      // A larger matrix of nothing but NaN leaves every byte of the memory so.
      let larger = try pack([(outputs: 640, inputs: 320)], in: memory) { _ in .nan }
      let areAllNaN = products(larger)[0].allSatisfy { $0.isNaN }
      #expect(areAllNaN)
    }
    let found = products(try pack(shapes, in: memory) { Float($0 % 11) / 8 })
    #expect(found == expected)
  }
}
