import Dispatch
import Foundation

/// Runs `operation` as a task that SIGINT and SIGTERM cancel.
///
/// The first signal lets the write in progress finish and the operation end with
/// `CancellationError`; the second one ends the process at once, with status 130. `notice` is what the
/// user reads after the first.
func interruptible<Value: Sendable>(
  notice: String? = "stopping after the current step; everything scored is saved",
  _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let task = Task.detached(operation: operation)
  let queue = DispatchQueue(label: "mergevolve.signals")
  let sources = [SIGINT, SIGTERM].map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
    source.setEventHandler {
      if task.isCancelled { exit(130) }
      if let notice { FileHandle.standardError.write(Data("\n\(notice)\n".utf8)) }
      task.cancel()
    }
    source.resume()
    return source
  }
  defer { for source in sources { source.cancel() } }
  return try await task.value
}
