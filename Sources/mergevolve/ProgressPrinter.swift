import Foundation
import SearchDriver
import Synchronization

/// Shows the events of a search on standard error: one live line on a terminal, plain lines elsewhere.
final class ProgressPrinter: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) != 0
  private let state = Mutex(State())

  private struct State {
    var liveLineShown = false
    var lastGeneration = -1
  }

  /// The observer that a search reports to; may be called from any thread.
  @Sendable func observe(_ event: SearchEvent) {
    state.withLock { state in
      switch event {
      case .note(let text):
        write(text, &state)
      case .progress(let progress):
        if isTerminal {
          clear(&state)
          FileHandle.standardError.write(Data(progress.line.utf8))
          state.liveLineShown = true
        } else if progress.closesGeneration, progress.generation != state.lastGeneration {
          state.lastGeneration = progress.generation
          write(progress.line, &state)
        }
      }
    }
  }

  private func write(_ text: String, _ state: inout State) {
    clear(&state)
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }

  /// Takes the live line away, so that what comes next stands alone.
  private func clear(_ state: inout State) {
    guard state.liveLineShown else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8))
    state.liveLineShown = false
  }
}
