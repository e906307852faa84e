import Glibc
import Synchronization

/// Memory of packed weights that are gone, kept for those that come next.
///
/// New memory costs a pass over all of it, in which the system clears it.
public final class PackingMemory: Sendable {
  private let free = Mutex<[AlignedPiece]>([])

  public init() {}

  /// At least `count` bytes with any content.
  ///
  /// There are never more pieces than were in use at the same time: those too small go before a new one comes.
  fileprivate func take(_ count: Int) -> AlignedPiece {
    free.withLock { pieces in
      if let index = pieces.firstIndex(where: { $0.count >= count }) {
        return pieces.remove(at: index)
      }
      pieces = []
      return AlignedPiece(count)
    }
  }

  fileprivate func give(_ piece: AlignedPiece) { free.withLock { $0.append(piece) } }
}

/// Memory in which some packed matrices lie together, as long as there is one of them.
@safe
final class PackedMemory: Sendable {
  private let piece: AlignedPiece
  private let source: PackingMemory?

  /// Takes memory from `source` and leaves it there, if there is one.
  init(_ count: Int, from source: PackingMemory? = nil) {
    piece = source?.take(count) ?? AlignedPiece(count)
    self.source = source
  }

  deinit { source?.give(piece) }

  var start: UnsafeMutableRawPointer { unsafe piece.start }
}

@safe
private final class AlignedPiece: @unchecked Sendable {
  let start: UnsafeMutableRawPointer
  let count: Int

  init(_ count: Int) {
    unsafe start = alignedMemory(count)
    self.count = count
  }

  deinit { unsafe free(start) }
}
