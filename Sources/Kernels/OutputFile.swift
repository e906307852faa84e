import CKernels
public import Diagnostics
import Glibc
public import Tensors

/// A new file, written at any offset from any number of threads.
public final class OutputFile: Sendable {
  public let path: String
  private let descriptor: Int32

  /// Creates the file.
  ///
  /// - Throws: ``Diagnostic`` if it exists already or cannot be created.
  public init(creating path: String) throws(Diagnostic) {
    self.path = path
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw systemFailure("cannot create the file", path, errno) }
  }

  deinit { _ = close(descriptor) }

  /// - Throws: ``Diagnostic`` if the disk is full or fails.
  public func write(_ bytes: RawSpan, at offset: Int) throws(Diagnostic) {
    var written = 0
    while written < bytes.byteCount {
      let rest = bytes.extracting(written..<bytes.byteCount)
      let count = unsafe rest.withUnsafeBytes { source in
        unsafe pwrite(descriptor, source.baseAddress, source.count, off_t(offset + written))
      }
      if count > 0 {
        written += count
      } else if errno != EINTR {
        throw systemFailure("cannot write the file", path, errno)
      }
    }
  }

  /// Rounds the values to `dtype` (to nearest, ties to even) and writes them little-endian.
  ///
  /// - Precondition: `dtype` is F32, F16 or BF16.
  /// - Throws: ``Diagnostic`` if the disk is full or fails.
  public func write(
    _ values: Span<Float>, as dtype: DType, at offset: Int
  ) throws(Diagnostic) {
    var stored = [UInt8](repeating: 0, count: values.count * dtype.bitWidth / 8)
    var span = stored.mutableSpan
    narrow(values, to: dtype, into: &span)
    try unsafe write(stored.span.bytes, at: offset)
  }

  /// Lets the disk begin to write a range; errors show up in ``synchronize()``.
  public func startWriting(_ range: Range<Int>) {
    ck_start_writing(descriptor, Int64(range.lowerBound), Int64(range.count))
  }

  /// Returns when the file's contents have reached the disk.
  ///
  /// - Throws: ``Diagnostic`` if the disk is full or fails.
  public func synchronize() throws(Diagnostic) {
    guard fsync(descriptor) == 0 else {
      throw systemFailure("cannot write the file to disk", path, errno)
    }
  }
}

/// What files need beyond Foundation to appear whole or not at all.
public enum Durability {
  /// Gives a file or folder a new name in one step; an empty folder of that name is replaced.
  ///
  /// - Throws: ``Diagnostic`` if the new name is taken or the folders are not on one disk.
  public static func rename(_ path: String, to newPath: String) throws(Diagnostic) {
    guard unsafe Glibc.rename(path, newPath) == 0 else {
      throw systemFailure("cannot give '\(path)' this name", newPath, errno)
    }
  }

  /// Returns when the folder's list of names has reached the disk.
  ///
  /// - Throws: ``Diagnostic`` if the folder cannot be opened or the disk fails.
  public static func synchronizeFolder(_ path: String) throws(Diagnostic) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemFailure("cannot open the folder", path, errno) }
    defer { _ = close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw systemFailure("cannot write the folder to disk", path, errno)
    }
  }
}

func systemFailure(_ action: String, _ path: String, _ code: Int32) -> Diagnostic {
  let fix =
    switch code {
    case ENOSPC, EDQUOT: "free space on the disk, or choose another folder"
    case EACCES, EPERM, EROFS: "choose a folder that you may write to"
    case EEXIST, ENOTEMPTY: "choose another name, or move what is there away"
    case ENOENT, ENOTDIR: "create the folder above it first"
    default: "check the path and the disk"
    }
  let reason = unsafe String(cString: strerror(code))
  return Diagnostic("\(action): \(reason)", at: path, fix: fix)
}
