import CKernels
public import Diagnostics
import Glibc
public import Tensors

/// The elements of one tensor as they are stored, in a mapped file or in a buffer.
///
/// Whoever merges or widens them reads the bytes where they lie. Readable from many threads at once.
@safe
public struct StoredElements: Sendable {
  public let dtype: DType
  public let count: Int
  private let place: Place
  /// Bytes before the first element.
  private let offset: Int

  private enum Place: Sendable {
    case file(MappedFile)
    case buffer(AlignedBuffer)
  }

  /// Elements in a file, from byte `offset` on.
  ///
  /// - Precondition: The file has them all; `dtype` is F32, F16 or BF16.
  public init(_ file: MappedFile, offset: Int, dtype: DType, count: Int) {
    self.init(.file(file), size: file.count, offset: offset, dtype: dtype, count: count)
  }

  /// Elements in a buffer, from byte `offset` on.
  ///
  /// - Precondition: The buffer has them all; `dtype` is F32, F16 or BF16.
  public init(_ buffer: AlignedBuffer, offset: Int = 0, dtype: DType, count: Int) {
    self.init(.buffer(buffer), size: buffer.count, offset: offset, dtype: dtype, count: count)
  }

  private init(_ place: Place, size: Int, offset: Int, dtype: DType, count: Int) {
    precondition(Self.holds(dtype), "elements of \(dtype.rawValue)")
    precondition(
      offset >= 0 && count >= 0 && offset + count * dtype.bitWidth / 8 <= size,
      "\(count) elements of \(dtype.rawValue) at \(offset) in \(size) bytes")
    self.place = place
    self.offset = offset
    self.dtype = dtype
    self.count = count
  }

  /// Whether kernels read elements of this dtype where they lie.
  public static func holds(_ dtype: DType) -> Bool {
    dtype == .f32 || dtype == .f16 || dtype == .bf16
  }

  /// Makes sure that the elements are there still.
  ///
  /// - Throws: ``Diagnostic`` if the file has shrunk below their end.
  public func check(_ elements: Range<Int>) throws(Diagnostic) {
    guard case .file(let file) = place else { return }
    try file.checkSize(needed: bytes(of: elements).upperBound)
  }

  /// Overwrites `destination` with elements, widened exactly.
  ///
  /// - Precondition: `destination.count == elements.count`; ``check(_:)`` has passed for the range.
  public func widen(_ elements: Range<Int>, into destination: inout MutableSpan<Float>) {
    precondition(destination.count == elements.count, "\(destination.count) != \(elements.count)")
    guard let source = unsafe address(of: elements) else { return }
    let raw = unsafe UnsafeRawBufferPointer(
      start: source, count: elements.count * dtype.bitWidth / 8)
    unsafe Kernels.widen(raw.bytes, from: dtype, into: &destination)
  }

  /// Overwrites `destination` with the bytes of elements.
  ///
  /// - Precondition: `destination` has as many bytes as the elements; ``check(_:)`` has passed.
  public func copy(_ elements: Range<Int>, into destination: inout MutableSpan<UInt8>) {
    let size = bytes(of: elements).count
    precondition(destination.count == size, "\(destination.count) bytes for \(size)")
    guard let source = unsafe address(of: elements) else { return }
    unsafe destination.withUnsafeMutableBytes { target in
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: size))
    }
  }

  /// Asks the system to read the elements from the disk soon.
  public func prefetch() {
    if case .file(let file) = place { file.advise(MADV_WILLNEED, bytes(of: 0..<count)) }
  }

  /// Takes elements out of this process's resident memory; they are read again when touched.
  public func evict(_ elements: Range<Int>? = nil) {
    if case .file(let file) = place {
      file.advise(MADV_DONTNEED, bytes(of: elements ?? 0..<count))
    }
  }

  private func bytes(of elements: Range<Int>) -> Range<Int> {
    precondition(
      elements.lowerBound >= 0 && elements.upperBound <= count, "\(elements) of \(count) elements")
    let width = dtype.bitWidth / 8
    return offset + elements.lowerBound * width..<offset + elements.upperBound * width
  }

  /// Where the elements begin; nil if there are none.
  ///
  /// Valid as long as `self` is.
  @unsafe
  func address(of elements: Range<Int>) -> UnsafeRawPointer? {
    let bytes = bytes(of: elements)
    guard !bytes.isEmpty else { return nil }
    return switch place {
    case .file(let file): unsafe file.address(at: bytes.lowerBound)
    case .buffer(let buffer): unsafe UnsafeRawPointer(buffer.address + bytes.lowerBound)
    }
  }
}

/// Bytes outside of the heap, on large pages where the system has them; zero at first.
@safe
public final class AlignedBuffer: @unchecked Sendable {
  public let count: Int
  @unsafe let address: UnsafeMutableRawPointer

  /// - Throws: ``Diagnostic`` if there is no memory for so many bytes.
  public init(count: Int) throws(Diagnostic) {
    precondition(count >= 0, "\(count) bytes")
    let size = max(1, count)
    let mapping = unsafe mmap(
      nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
      throw Diagnostic(
        "there is no memory for \(count) bytes", at: "memory", fix: "end other programs")
    }
    _ = unsafe madvise(mapping, size, MADV_HUGEPAGE)
    self.count = count
    unsafe address = mapping
  }

  deinit { unsafe munmap(address, max(1, count)) }

  /// Gives access to the bytes; nobody else may use them meanwhile.
  public func withMutableBytes<R>(
    _ body: (inout MutableSpan<UInt8>) throws -> R
  ) rethrows -> R {
    var span = unsafe MutableSpan(
      _unsafeElements: UnsafeMutableBufferPointer(
        start: address.assumingMemoryBound(to: UInt8.self), count: count))
    return try body(&span)
  }

  /// Lets the workers overwrite the bytes in disjoint tiles of `tile` bytes; the last may be shorter.
  ///
  /// `body` gets a tile's offset, and the tile.
  /// - Throws: The error of the lowest tile that failed.
  public func forEachTile(
    _ tile: Int, on pool: WorkerPool,
    _ body: @Sendable (_ offset: Int, _ tile: inout MutableSpan<UInt8>) throws -> Void
  ) throws {
    precondition(tile > 0, "a tile of \(tile) bytes")
    let shared = unsafe SharedBuffer(
      UnsafeMutableBufferPointer(
        start: address.assumingMemoryBound(to: UInt8.self), count: count))
    try pool.forEach((count + tile - 1) / tile) { index in
      let start = index * tile
      try unsafe shared.withSpan(start..<min(start + tile, shared.count)) { span in
        try body(start, &span)
      }
    }
  }
}
