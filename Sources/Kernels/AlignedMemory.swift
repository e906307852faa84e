import Glibc

/// Memory for packed weights and scratch space, aligned to a cache line; to be given back with `free`.
///
/// Large pieces are aligned to huge pages and ask for them: fewer page faults where weights come and go.
func alignedMemory(_ count: Int) -> UnsafeMutableRawPointer {
  let hugePage = 2 << 20
  let isLarge = count >= 2 * hugePage
  var memory: UnsafeMutableRawPointer?
  let status = unsafe posix_memalign(&memory, isLarge ? hugePage : 64, max(64, count))
  guard status == 0, let memory = unsafe memory else {
    preconditionFailure("no memory for \(count) bytes")
  }
  if isLarge { unsafe madvise(memory, count / hugePage * hugePage, MADV_HUGEPAGE) }
  return unsafe memory
}
