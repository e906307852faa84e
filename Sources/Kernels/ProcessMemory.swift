internal import CKernels
import Foundation

/// What this process takes of the machine's memory.
public enum ProcessMemory {
  /// Bytes of anonymous memory that lie in RAM.
  ///
  /// Heap and stacks, without mapped files. Nil if unknown.
  public static var anonymousBytes: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
      return nil
    }
    for line in status.split(separator: "\n") where line.hasPrefix("RssAnon:") {
      return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 }
    }
    return nil
  }

  /// Hands memory that is free already back to the system.
  public static func returnFreeMemory() { ck_return_free_memory() }
}
