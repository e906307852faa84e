import CKernels
public import Tensors

/// A merge that one kernel computes from stored elements: every input is read once, the result is
/// rounded and stored once.
///
/// The bits are those that the rows of a ``MergeStack`` yield step by step, on every CPU.
public struct DirectMerge: Sendable {
  /// A weighted task vector, `((x − base) · scale) · weight` for its survivors.
  public struct Term: Hashable, Sendable {
    public var scale: Float
    public var weight: Float
    public var survivors: MergeStack.Survivors

    public init(scale: Float, weight: Float, survivors: MergeStack.Survivors) {
      self.scale = scale
      self.weight = weight
      self.survivors = survivors
    }
  }

  /// How weighted task vectors are put together.
  public enum Combination: Hashable, Sendable {
    /// `Σ / divisor`.
    case sum(divisor: Float)
    /// The rows that agree with the elected sign; see ``MergeStack/elect(_:weights:normalize:into:)``.
    case election(normalize: Bool)
  }

  private enum Formula: Sendable {
    case sum(weights: [Float], divisor: Float)
    case taskVectors([Term], Combination, lambda: Float)
    case copy(factor: Float?)
    case fusion(shares: [Float], selected: MergeStack.MagnitudeLimit)
  }

  private let formula: Formula

  /// `Σ w·x / divisor` over the inputs, from zero and in order.
  public init(weights: [Float], divisor: Float) {
    formula = .sum(weights: weights, divisor: divisor)
  }

  /// `base + lambda · combination`; the first input is the base, the others belong to the terms.
  ///
  /// - Returns: Nil if there are more terms than the kernel has room for.
  public init?(_ terms: [Term], combined combination: Combination, lambda: Float) {
    guard terms.count <= CK_MERGE_TERMS else { return nil }
    formula = .taskVectors(terms, combination, lambda: lambda)
  }

  /// The only input, multiplied by `factor` if there is one.
  public init(copyingTimes factor: Float?) { formula = .copy(factor: factor) }

  /// sce, see ``MergeStack/fuse(_:onto:shares:cut:tieLimit:into:)``; the first input is the base.
  ///
  /// - Returns: Nil if there are more models than the kernel has room for.
  public init?(shares: [Float], selected: MergeStack.MagnitudeLimit) {
    guard shares.count <= CK_MERGE_TERMS else { return nil }
    formula = .fusion(shares: shares, selected: selected)
  }

  public var inputCount: Int {
    switch formula {
    case .copy: 1
    case .fusion(let shares, _): 1 + shares.count
    case .sum(let weights, _): weights.count
    case .taskVectors(let terms, _, _): 1 + terms.count
    }
  }

  /// Merges some elements, rounds them to `dtype` and widens them again.
  ///
  /// - Precondition: All inputs have one dtype, `dtype` is F32, F16 or BF16, and
  ///   ``StoredElements/check(_:)`` has passed.
  public func merge(
    _ inputs: [StoredElements], elements: Range<Int>, roundedTo dtype: DType,
    into destination: inout MutableSpan<Float>
  ) {
    precondition(destination.count == elements.count, "\(destination.count) != \(elements.count)")
    let kind =
      switch dtype {
      case .f16: CK_RESULT_F32_OF_F16
      case .bf16: CK_RESULT_F32_OF_BF16
      default: CK_RESULT_F32
      }
    unsafe destination.withUnsafeMutableBytes { bytes in
      unsafe merge(inputs, elements, kind: kind, streaming: false, into: bytes)
    }
  }

  /// Merges some elements and stores them as `dtype`, little-endian.
  ///
  /// - Precondition: As for ``merge(_:elements:roundedTo:into:)``.
  public func merge(
    _ inputs: [StoredElements], elements: Range<Int>, storedAs dtype: DType,
    into destination: inout MutableSpan<UInt8>
  ) {
    let size = elements.count * dtype.bitWidth / 8
    precondition(destination.count == size, "\(destination.count) bytes for \(size)")
    let kind =
      switch dtype {
      case .f16: CK_RESULT_F16
      case .bf16: CK_RESULT_BF16
      default: CK_RESULT_F32
      }
    unsafe destination.withUnsafeMutableBytes { bytes in
      unsafe merge(
        inputs, elements, kind: kind, streaming: bytes.count >= Self.streamedSize, into: bytes)
    }
  }

  /// Results of this size do not stay in a core's caches anyway, so they go past them.
  private static let streamedSize = 1 << 20

  @unsafe
  private func merge(
    _ inputs: [StoredElements], _ elements: Range<Int>, kind: ck_result, streaming: Bool,
    into destination: UnsafeMutableRawBufferPointer
  ) {
    precondition(inputs.count == inputCount, "\(inputs.count) inputs for \(inputCount)")
    guard let results = destination.baseAddress, let first = inputs.first else { return }
    precondition(inputs.allSatisfy { $0.dtype == first.dtype }, "inputs of several dtypes")
    let isAligned = UInt(bitPattern: results).isMultiple(of: kind.width)
    let stored: ck_stored =
      switch first.dtype {
      case .f16: CK_STORED_F16
      case .bf16: CK_STORED_BF16
      default: CK_STORED_F32
      }
    var target = unsafe ck_merge_target(
      values: results, kind: kind,
      streaming: streaming && isAligned)
    unsafe withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: inputs.count) {
      addresses in
      for (index, input) in inputs.enumerated() {
        unsafe addresses.initializeElement(at: index, to: input.address(of: elements))
      }
      switch formula {
      case .sum(let weights, let divisor):
        unsafe weights.withUnsafeBufferPointer { weights in
          unsafe ck_merge_direct_sum(
            addresses.baseAddress, stored, weights.baseAddress, weights.count, divisor, &target,
            elements.count)
        }
      case .taskVectors(let terms, let combination, let lambda):
        var sum = Self.sum(combination, lambda)
        unsafe withUnsafeTemporaryAllocation(of: ck_merge_term.self, capacity: terms.count) {
          list in
          unsafe Self.fill(list, from: 0, terms, addresses, elements) {
            unsafe ck_merge_direct_task_vectors(
              addresses[0], stored, list.baseAddress, terms.count, &sum,
              UInt64(elements.lowerBound), &target, elements.count)
          }
        }
      case .copy(let factor):
        unsafe ck_merge_direct_copy(
          addresses[0], stored, factor != nil, factor ?? 1, &target, elements.count)
      case .fusion(let shares, let selected):
        guard let start = addresses.baseAddress else { return }
        let ties = max(0, selected.tieLimit - elements.lowerBound)
        unsafe shares.withUnsafeBufferPointer { shares in
          unsafe ck_merge_direct_sce(
            addresses[0], start + 1, stored, shares.baseAddress, shares.count, selected.cut, ties,
            &target, elements.count)
        }
      }
    }
    withExtendedLifetime(inputs) {}
  }

  /// Fills in the terms from number `index` on, and calls `body` while what they point to is alive.
  @unsafe
  private static func fill(
    _ list: UnsafeMutableBufferPointer<ck_merge_term>, from index: Int, _ terms: [Term],
    _ addresses: UnsafeMutableBufferPointer<UnsafeRawPointer?>, _ elements: Range<Int>,
    _ body: () -> Void
  ) {
    guard index < terms.count else { return body() }
    var term = unsafe terms[index].kernelTerm(addresses[index + 1], from: elements.lowerBound)
    switch terms[index].survivors {
    case .listed(let mask):
      precondition(elements.upperBound <= mask.count, "\(elements) of \(mask.count) bits")
      unsafe mask.withWords { words in
        unsafe term.bits = unsafe words
        unsafe list.initializeElement(at: index, to: term)
        unsafe fill(list, from: index + 1, terms, addresses, elements, body)
      }
    case .masked(let key, _, let leading?):
      precondition(leading.key == key, "bytes of another mask")
      precondition(elements.upperBound <= leading.count, "\(elements) of \(leading.count) bytes")
      unsafe leading.withBytes { bytes in
        unsafe term.leading = unsafe bytes + elements.lowerBound
        unsafe list.initializeElement(at: index, to: term)
        unsafe fill(list, from: index + 1, terms, addresses, elements, body)
      }
    default:
      unsafe list.initializeElement(at: index, to: term)
      unsafe fill(list, from: index + 1, terms, addresses, elements, body)
    }
  }

  private static func sum(_ combination: Combination, _ lambda: Float) -> ck_task_vector_sum {
    switch combination {
    case .sum(let divisor):
      ck_task_vector_sum(elects: false, normalize: false, divisor: divisor, lambda: lambda)
    case .election(let normalize):
      ck_task_vector_sum(elects: true, normalize: normalize, divisor: 1, lambda: lambda)
    }
  }
}

extension DirectMerge.Term {
  /// The term for the kernel, given that element `first` of the tensor lies at `values`.
  @unsafe
  fileprivate func kernelTerm(_ values: UnsafeRawPointer?, from first: Int) -> ck_merge_term {
    var term = unsafe ck_merge_term()
    unsafe term.values = unsafe values
    unsafe term.scale = scale
    unsafe term.weight = weight
    switch survivors {
    case .all: unsafe term.survivors = CK_KEEP_ALL
    case .magnitudes(let cut, let tieLimit):
      unsafe term.survivors = CK_KEEP_MAGNITUDES
      unsafe term.cut = cut
      unsafe term.ties = max(0, tieLimit - first)
    case .masked(let key, let threshold, _):
      precondition(threshold <= 1 << 32, "threshold \(threshold) of a 32-bit word")
      unsafe term.survivors = CK_KEEP_MASKED
      unsafe term.key = key
      unsafe term.threshold = threshold
    case .band(let low, let high):
      unsafe term.survivors = CK_KEEP_BAND
      unsafe term.cut = low.cut
      unsafe term.ties = max(0, low.tieLimit - first)
      unsafe term.high = high.cut
      unsafe term.high_ties = max(0, high.tieLimit - first)
    case .listed:
      unsafe term.survivors = CK_KEEP_LISTED
    }
    return unsafe term
  }
}

extension ck_result {
  /// Bytes per result.
  fileprivate var width: UInt { self == CK_RESULT_F16 || self == CK_RESULT_BF16 ? 2 : 4 }
}
