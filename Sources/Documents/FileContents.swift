public import Diagnostics
import Foundation

/// Whole files, read with errors that say what to do.
public enum FileContents {
  /// - Throws: ``Diagnostic`` if the file is missing, is a folder or cannot be read.
  public static func bytes(of path: String) throws(Diagnostic) -> [UInt8] {
    if isFolder(path) {
      throw Diagnostic("is a folder, not a file", at: path, fix: "name a file inside it")
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw unreadable(path, error)
    }
    return [UInt8](data)
  }

  /// The file's text, which must be UTF-8.
  ///
  /// - Throws: ``Diagnostic`` as ``bytes(of:)``, and for bytes that are not UTF-8, with their line.
  public static func text(of path: String) throws(Diagnostic) -> String {
    let bytes = try bytes(of: path)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    throw Diagnostic(
      "is not UTF-8 text", at: "\(path): line \(lineOfInvalidUTF8(bytes))",
      fix: "save the file in the encoding UTF-8")
  }

  /// Whether there is a file or folder; a link to nothing is none.
  public static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  /// Follows symbolic links.
  public static func isFolder(_ path: String) -> Bool {
    let values = try? URL(fileURLWithPath: path).resolvingSymlinksInPath()
      .resourceValues(forKeys: [.isDirectoryKey])
    return values?.isDirectory ?? false
  }

  static func unreadable(_ path: String, _ error: any Error) -> Diagnostic {
    switch (error as? CocoaError)?.code {
    case .fileReadNoSuchFile, .fileNoSuchFile:
      Diagnostic("no such file", at: path, fix: "check the path")
    case .fileReadNoPermission:
      Diagnostic("no permission to read the file", at: path, fix: "change its owner or mode")
    default:
      Diagnostic("cannot read the file: \(error)", at: path, fix: "check the path and the disk")
    }
  }

  private static func lineOfInvalidUTF8(_ bytes: [UInt8]) -> Int {
    var line = 1
    for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if String(validating: part, as: UTF8.self) == nil { break }
      line += 1
    }
    return line
  }
}
