import CKernels

/// The upper eight bits of the random word of every element of a tensor.
///
/// For all but one element in 256 they decide whether a mask keeps it, whatever the density, and reading them
/// is several times as fast as computing words.
public struct LeadingBytes: Sendable {
  /// Philox key of the words.
  public let key: UInt64
  private var bytes: [UInt8] = []

  /// None yet.
  public init(key: UInt64) { self.key = key }

  public var count: Int { bytes.count }

  /// Appends those of the next `elements` elements.
  ///
  /// - Parameters:
  ///   - elements: How many.
  ///   - first: The tensor's element that comes next.
  public mutating func append(_ elements: Int, from first: Int) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: elements))
    unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      guard let address = buffer.baseAddress else { return }
      unsafe ck_merge_leading_bytes(key, UInt64(first), address + start, elements)
    }
  }

  /// Appends those of the elements that come next, which another has.
  public mutating func append(_ next: LeadingBytes) {
    precondition(next.key == key, "bytes of another mask")
    bytes += next.bytes
  }

  @unsafe
  func withBytes(_ body: (UnsafePointer<UInt8>) -> Void) {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      unsafe body(start)
    }
  }
}

/// They follow from the key, so two of one length are equal.
extension LeadingBytes: Hashable {
  public static func == (left: LeadingBytes, right: LeadingBytes) -> Bool {
    left.key == right.key && left.count == right.count
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(key)
    hasher.combine(count)
  }
}
