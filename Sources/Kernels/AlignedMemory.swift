import Glibc

/// Memory for packed weights and scratch space, aligned to a cache line; to be given back with `free`.
func alignedMemory(_ count: Int) -> UnsafeMutableRawPointer {
  var memory: UnsafeMutableRawPointer?
  let status = unsafe posix_memalign(&memory, 64, max(64, count))
  guard status == 0, let memory = unsafe memory else {
    preconditionFailure("no memory for \(count) bytes")
  }
  return unsafe memory
}
