import Diagnostics
import GRDB

extension PopulationStore {
  /// SQLite's and GRDB's errors in the user's words.
  static func translating<Value>(
    _ path: String, _ body: () throws -> Value
  ) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw translation(of: error, path: path)
    } catch let error as RowDecodingError {
      throw damage("\(error)", at: path)
    }
  }

  private static func translation(of error: DatabaseError, path: String) -> any Error {
    let words = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_NOTADB:
      return Diagnostic(
        "is not a SQLite database", at: path, fix: "name the file that `mergevolve search` wrote")
    case .SQLITE_CORRUPT, .SQLITE_ERROR, .SQLITE_MISMATCH:
      return damage(words, at: path)
    case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      return Diagnostic(
        "cannot be opened: \(words)", at: path,
        fix: "check that you may read and write the file and its folder")
    case .SQLITE_FULL:
      return StorageError.failed(
        Diagnostic(
          "the disk is full", at: path,
          fix: "free some space, then `mergevolve resume \(path)`; what was scored is saved"))
    default:
      return StorageError.failed(
        Diagnostic(
          "cannot be read or written: \(words)", at: path,
          fix: "remove the cause, then `mergevolve resume \(path)`; what was scored is saved"))
    }
  }

  static func damage(_ problem: String, at location: String) -> Diagnostic {
    Diagnostic(
      "is damaged: \(problem)", at: location,
      fix: "restore the file from a copy, or start the search anew with another --store")
  }
}
