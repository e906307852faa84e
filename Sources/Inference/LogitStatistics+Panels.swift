import Glibc
import Kernels

extension LogitStatistics {
  /// The same logits at indices that are higher by `offset`.
  func shifted(by offset: Int) -> LogitStatistics {
    LogitStatistics(sum: sum, maximum: maximum, best: best + offset, isFinite: isFinite)
  }

  /// The statistics of these logits followed by others; of equal maxima the first counts.
  func joined(with next: LogitStatistics) -> LogitStatistics {
    let larger = next.maximum > maximum ? next : self
    let scaled = { (part: LogitStatistics) in
      part.sum * exp(Double(part.maximum) - Double(larger.maximum))
    }
    return LogitStatistics(
      sum: scaled(self) + scaled(next), maximum: larger.maximum, best: larger.best,
      isFinite: isFinite && next.isFinite)
  }
}
