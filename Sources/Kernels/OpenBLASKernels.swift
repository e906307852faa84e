internal import CKernels
import Glibc

/// Starts the program again with OpenBLAS kernels that give a row the same bits at every position.
///
/// OpenBLAS reads `OPENBLAS_CORETYPE` when it is loaded, so this must be the first thing that `main`
/// does. Returns at once if the build has oneDNN, or if the variable is set.
public func pinOpenBLASKernels() {
  guard GemmBackend.standard == .openBLAS, unsafe getenv("OPENBLAS_CORETYPE") == nil else { return }
  unsafe setenv("OPENBLAS_CORETYPE", ck_has_avx512() != 0 ? "SkylakeX" : "Sandybridge", 1)
  var arguments: [UnsafeMutablePointer<CChar>?] = unsafe CommandLine.arguments.map {
    unsafe strdup($0)
  }
  unsafe arguments.append(nil)
  unsafe execv("/proc/self/exe", arguments)
  // Without /proc the program goes on; the self-test decides whether results are independent.
  unsafe arguments.forEach { unsafe free($0) }
}
