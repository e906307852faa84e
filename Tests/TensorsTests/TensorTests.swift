import Tensors
import Testing

@Suite("Tensors") struct TensorTests {
  @Test(
    "bfloat16 widens exactly and comes back",
    arguments: Array(stride(from: 0, to: 0x10000, by: 257)))
  func roundTrip(bits: Int) {
    let value = BFloat16(bitPattern: UInt16(bits))
    #expect(value.float.bitPattern == UInt32(bits) << 16)
    let again = BFloat16(value.float)
    if value.float.isNaN {
      #expect(again.float.isNaN)
    } else {
      #expect(again == value)
    }
  }

  @Test("rounding to bfloat16 goes to the nearest, ties to even")
  func rounding() {
    #expect(BFloat16(Float(bitPattern: 0x3F80_8000)).bitPattern == 0x3F80)
    #expect(BFloat16(Float(bitPattern: 0x3F81_8000)).bitPattern == 0x3F82)
    #expect(BFloat16(Float(bitPattern: 0x3F80_8001)).bitPattern == 0x3F81)
    #expect(BFloat16(Float(bitPattern: 0x7F7F_FFFF)).bitPattern == 0x7F80)
    #expect(BFloat16(-Float.infinity).bitPattern == 0xFF80)
    #expect(BFloat16(Float(bitPattern: 0x7F80_0001)).float.isNaN)
    #expect(BFloat16(Float(bitPattern: 0x8000_0000)).bitPattern == 0x8000)
  }

  @Test("shapes count their elements; a scalar has one")
  func shapes() {
    #expect(Shape([]).elementCount == 1)
    #expect(Shape([3, 4, 5]).elementCount == 60)
    #expect(Shape([7, 0]).elementCount == 0)
    #expect(Shape([485, 160]).description == "[485, 160]")
  }

  @Test("dtypes have the names and widths of the safetensors format")
  func dtypes() {
    #expect(DType(rawValue: "BF16") == .bf16)
    #expect(DType(rawValue: "bf16") == nil)
    #expect(DType.allCases.count == 22)
    #expect(DType.f6e2m3.bitWidth == 6)
    #expect(DType.allCases.filter(\.isMergeable) == [.f16, .bf16, .f32, .f64])
  }
}
