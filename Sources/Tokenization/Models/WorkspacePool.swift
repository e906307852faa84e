import Synchronization

/// Memory that one encoding needs, kept for the next.
struct Workspace: Sendable {
  var cache = WordCache()
  var symbols = Symbols()
  var queue = SmallestFirst()
}

/// Workspaces that no encoding uses right now, so that threads neither share one nor wait.
final class WorkspacePool: Sendable {
  private let idle = Mutex<[Workspace]>([])

  func withWorkspace(_ body: (inout Workspace) -> Void) {
    var workspace = idle.withLock { $0.popLast() } ?? Workspace()
    body(&workspace)
    idle.withLock { [workspace] in $0.append(workspace) }
  }
}
