public import Diagnostics
import Glibc

/// A file mapped read-only into memory; its pages are read when they are touched.
///
/// A page beyond the end of a file that shrank would kill the process, so every access compares the
/// file's present size first.
@safe
public final class MappedFile: @unchecked Sendable {
  public let path: String
  /// Size in bytes when the file was opened.
  public let count: Int
  private let descriptor: Int32
  private let base: UnsafeRawPointer?

  /// - Throws: ``Diagnostic`` if there is no such file, it is no regular file, or mapping fails.
  public init(path: String) throws(Diagnostic) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("cannot open the file", path: path) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let failure = Self.failure("cannot read the file's size", path: path)
      close(descriptor)
      throw failure
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw Diagnostic(
        "is not a regular file", at: path, fix: "name a file, not a folder or device")
    }
    let size = Int(status.st_size)
    var base: UnsafeRawPointer?
    if size > 0 {
      let mapping = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
      guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
        let failure = Self.failure("cannot map the file into memory", path: path)
        close(descriptor)
        throw failure
      }
      unsafe base = UnsafeRawPointer(mapping)
    }
    self.path = path
    self.descriptor = descriptor
    count = size
    unsafe self.base = unsafe base
  }

  deinit {
    if let base = unsafe base { unsafe munmap(UnsafeMutableRawPointer(mutating: base), count) }
    close(descriptor)
  }

  /// Gives access to the bytes `range` of the file for the duration of `body`.
  ///
  /// - Precondition: The range lies within `0..<count`.
  /// - Throws: ``Diagnostic`` if the file has shrunk below the range's end, and what `body` throws.
  public func withBytes<R>(_ range: Range<Int>, _ body: (RawSpan) throws -> R) throws -> R {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count, "\(range) is outside of \(count) bytes")
    try checkSize(needed: range.upperBound)
    let part = unsafe UnsafeRawBufferPointer(
      start: range.isEmpty ? nil : base.map { unsafe $0 + range.lowerBound }, count: range.count)
    return try unsafe body(part.bytes)
  }

  /// A copy of the bytes `range` of the file.
  ///
  /// - Precondition: The range lies within `0..<count`.
  /// - Throws: ``Diagnostic`` if the file has shrunk below the range's end.
  public func bytes(_ range: Range<Int>) throws -> [UInt8] {
    try withBytes(range) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
  }

  /// Gives the system a hint (`MADV_…`) about the whole pages within a range.
  func advise(_ advice: Int32, _ range: Range<Int>) {
    guard let base = unsafe base else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard start < end else { return }
    _ = unsafe madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, advice)
  }

  /// Where a byte lies; nil if the file is empty.
  @unsafe
  func address(at offset: Int) -> UnsafeRawPointer? {
    unsafe base.map { unsafe $0 + offset }
  }

  /// - Throws: ``Diagnostic`` if the file has shrunk below `needed` bytes.
  func checkSize(needed: Int) throws(Diagnostic) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw Self.failure("cannot read the file's size", path: path)
    }
    guard Int(status.st_size) >= needed else {
      throw Diagnostic(
        "the file shrank from \(count) to \(status.st_size) bytes while it was in use", at: path,
        fix: "restore the file and do not write to it during a run")
    }
  }

  private static func failure(_ what: String, path: String) -> Diagnostic {
    let reason = unsafe String(cString: strerror(errno))
    return Diagnostic("\(what) (\(reason))", at: path, fix: "check the path and its permissions")
  }
}
