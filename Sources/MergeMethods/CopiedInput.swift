public import Kernels

/// One input, unchanged.
public struct CopiedInput: RangeMerge {
  public let operands: [Int]

  public init(_ input: Int) { operands = [input] }

  public func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>) {
    stack.copy(0, into: &output)
  }
}
