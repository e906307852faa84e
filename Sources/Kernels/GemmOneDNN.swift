#if OneDNN
  internal import CKernels
  internal import COneDNN
  import Glibc
  import Synchronization
  import Tensors

  /// oneDNN's matmul with weights in the blocked layout that it chooses itself.
  final class OneDNNLibrary: GemmLibrary {
    let candidateHeights = [64, 128, 256]
    private let precision: GemmPrecision

    init(_ precision: GemmPrecision) { self.precision = precision }

    /// Whether oneDNN multiplies bfloat16 with AVX512-BF16 or AMX instructions here.
    static let hasBFloat16Units =
      [dnnl_cpu_isa_avx512_core_bf16, dnnl_cpu_isa_avx512_core_amx]
      .contains(dnnl_get_effective_cpu_isa())

    /// One set of primitives per shape; creating one costs a millisecond of code generation.
    private let shapes = Mutex<[ShapeKey: OneDNNShape]>([:])

    private struct ShapeKey: Hashable {
      let outputs: Int
      let inputs: Int
      let heights: [Int]
    }

    func supportedHeights(outputs: Int, inputs: Int, among heights: [Int]) -> [Int] {
      let shape = OneDNNShape(outputs, inputs, precision, heights: heights)
      return heights.filter { shape.isFast(at: $0) }
    }

    func makeContent(outputs: Int, inputs: Int, heights: [Int]) -> any PackedContent {
      OneDNNMatrix(shape(outputs: outputs, inputs: inputs, heights: heights))
    }

    /// In one piece of memory, which is large enough for huge pages where the single matrix may be too small.
    func makeContents(
      _ sizes: [(outputs: Int, inputs: Int)], heights: [Int], in reused: PackingMemory
    ) -> [any PackedContent] {
      let shapes = sizes.map { shape(outputs: $0.outputs, inputs: $0.inputs, heights: heights) }
      let memory = PackedMemory(shapes.reduce(0) { $0 + $1.alignedBytes }, from: reused)
      var offset = 0
      return shapes.map { shape in
        defer { offset += shape.alignedBytes }
        return OneDNNMatrix(shape, in: memory, at: offset)
      }
    }

    private func shape(outputs: Int, inputs: Int, heights: [Int]) -> OneDNNShape {
      let key = ShapeKey(outputs: outputs, inputs: inputs, heights: heights)
      return shapes.withLock { shapes in
        if let shape = shapes[key] { return shape }
        let shape = OneDNNShape(outputs, inputs, precision, heights: heights)
        shapes[key] = shape
        return shape
      }
    }
  }

  /// The engine of the whole process.
  @safe
  private final class OneDNNEngine: @unchecked Sendable {
    static let shared = OneDNNEngine()
    let handle: dnnl_engine_t

    private init() {
      var engine: dnnl_engine_t?
      let status = unsafe dnnl_engine_create(&engine, dnnl_cpu, 0)
      guard status == dnnl_success, let engine = unsafe engine else {
        preconditionFailure("oneDNN has no CPU engine: status \(status.rawValue)")
      }
      unsafe handle = engine
    }
  }

  /// The primitives for one shape of weights: reorders into the packed layout and a product per height.
  @safe
  private final class OneDNNShape: @unchecked Sendable {
    @unsafe struct Product {
      let primitive: dnnl_primitive_t
      let rows: dnnl_memory_desc_t
      let output: dnnl_memory_desc_t
      let scratchpad: dnnl_memory_desc_t
      let scratchpadBytes: Int
      let isFast: Bool
    }

    /// Packs a slice of so many outputs.
    @safe struct Reorder: @unchecked Sendable {
      let primitive: dnnl_primitive_t
      let plain: dnnl_memory_desc_t
      let packed: dnnl_memory_desc_t
    }

    let outputs: Int
    let inputs: Int
    let precision: GemmPrecision
    let packed: dnnl_memory_desc_t
    let packedBytes: Int
    /// Up to the next cache line.
    var alignedBytes: Int { (packedBytes + 63) / 64 * 64 }
    /// Outputs that the packed layout interleaves: slices start at multiples of it.
    let outputBlock: Int
    /// Values from one block of outputs to the next in the packed layout.
    private let blockStride: Int
    private let reorders = Mutex<[Int: Reorder]>([:])
    private let products: [Int: Product]

    init(_ outputs: Int, _ inputs: Int, _ precision: GemmPrecision, heights: [Int]) {
      self.outputs = outputs
      self.inputs = inputs
      self.precision = precision
      // The library counts on the threads of the caller when it cuts the work.
      ck_use_one_openmp_thread()
      // The largest height chooses the layout, the others take it.
      let largest = heights[heights.count - 1]
      let chosen = unsafe Self.product(
        height: largest, outputs: outputs, inputs: inputs,
        weights: Self.descriptor([inputs, outputs], precision.type, dnnl_format_tag_any))
      unsafe packed = chosen.weights
      var layout = unsafe chosen.weights
      packedBytes = unsafe dnnl_memory_desc_get_size(&layout)
      var products: [Int: Product] = unsafe [largest: chosen.product]
      for height in heights where height != largest {
        unsafe products[height] =
          Self.product(
            height: height, outputs: outputs, inputs: inputs, weights: chosen.weights
          ).product
      }
      unsafe self.products = products
      outputBlock = Self.outputBlock(layout)
      blockStride = unsafe Int(layout.format_desc.blocking.strides.1)
    }

    deinit {
      reorders.withLock { reorders in
        reorders.values.forEach { unsafe dnnl_primitive_destroy($0.primitive) }
      }
      unsafe products.values.forEach { unsafe dnnl_primitive_destroy($0.primitive) }
    }

    /// False where oneDNN has only its reference code for the packed layout.
    func isFast(at height: Int) -> Bool { unsafe products[height]?.isFast ?? false }

    func product(at height: Int) -> Product {
      guard let product = unsafe products[height] else {
        preconditionFailure("no product of height \(height)")
      }
      return unsafe product
    }

    /// Packs the rows `slice` of the weights; `destination` is the start of the whole packed matrix.
    func pack(
      _ weights: UnsafePointer<Float>, outputs slice: Range<Int>,
      into destination: UnsafeMutableRawPointer
    ) {
      precondition(slice.lowerBound.isMultiple(of: outputBlock), "a slice at \(slice.lowerBound)")
      let reorder = reorder(outputs: slice.count)
      let offset = slice.lowerBound / outputBlock * blockStride * precision.size
      unsafe run(
        reorder.primitive,
        [
          (DNNL_ARG_FROM, reorder.plain, UnsafeMutableRawPointer(mutating: weights)),
          (DNNL_ARG_TO, reorder.packed, destination + offset),
        ])
    }

    private func reorder(outputs: Int) -> Reorder {
      reorders.withLock { reorders in
        if let reorder = reorders[outputs] { return reorder }
        ck_use_one_openmp_thread()
        let plain = Self.descriptor([inputs, outputs], dnnl_f32, dnnl_ba)
        // The whole layout with fewer outputs: blocks of outputs lie at equal distances.
        var slice = packed
        slice.dims.1 = dnnl_dim_t(outputs)
        slice.padded_dims.1 = dnnl_dim_t((outputs + outputBlock - 1) / outputBlock * outputBlock)
        let reorder = unsafe Reorder(
          primitive: Self.reorder(from: plain, to: slice), plain: plain, packed: slice)
        reorders[outputs] = reorder
        return reorder
      }
    }

    private static func outputBlock(_ layout: dnnl_memory_desc_t) -> Int {
      precondition(layout.format_kind == dnnl_blocked, "oneDNN packs weights in no blocked layout")
      let blocking = unsafe layout.format_desc.blocking
      let axes = unsafe withUnsafeBytes(of: blocking.inner_idxs) {
        unsafe Array($0.bindMemory(to: dnnl_dim_t.self))
      }
      let sizes = unsafe withUnsafeBytes(of: blocking.inner_blks) {
        unsafe Array($0.bindMemory(to: dnnl_dim_t.self))
      }
      return (0..<Int(blocking.inner_nblks)).reduce(1) { product, level in
        axes[level] == 1 ? product * Int(sizes[level]) : product
      }
    }

    /// Executes a primitive on the calling thread alone.
    func run(
      _ primitive: dnnl_primitive_t,
      _ arguments: [(Int32, dnnl_memory_desc_t, UnsafeMutableRawPointer)]
    ) {
      ck_use_one_openmp_thread()
      let engine = unsafe OneDNNEngine.shared.handle
      var stream: dnnl_stream_t?
      unsafe check(dnnl_stream_create(&stream, engine, UInt32(dnnl_stream_default_flags.rawValue)))
      var list: [dnnl_exec_arg_t] = unsafe []
      // The formatter joins `for unsafe` with the name that follows.
      for index in unsafe arguments.indices {
        let (argument, layout, pointer) = unsafe arguments[index]
        var description = layout
        var memory: dnnl_memory_t?
        unsafe check(dnnl_memory_create(&memory, &description, engine, pointer))
        unsafe list.append(unsafe dnnl_exec_arg_t(arg: argument, memory: memory))
      }
      unsafe check(dnnl_primitive_execute(primitive, stream, Int32(list.count), list))
      unsafe check(dnnl_stream_wait(stream))
      unsafe list.forEach { unsafe check(dnnl_memory_destroy($0.memory)) }
      unsafe check(dnnl_stream_destroy(stream))
    }

    private static func descriptor(
      _ dimensions: [Int], _ type: dnnl_data_type_t, _ tag: dnnl_format_tag_t
    ) -> dnnl_memory_desc_t {
      var description = dnnl_memory_desc_t()
      let sizes = dimensions.map { dnnl_dim_t($0) }
      unsafe check(
        dnnl_memory_desc_init_by_tag(
          &description, Int32(sizes.count), sizes, type, tag))
      return description
    }

    private static func product(
      height: Int, outputs: Int, inputs: Int, weights: dnnl_memory_desc_t
    ) -> (product: Product, weights: dnnl_memory_desc_t) {
      var weights = weights
      var rows = descriptor([height, inputs], weights.data_type, dnnl_ab)
      var output = descriptor([height, outputs], dnnl_f32, dnnl_ab)
      var operation = dnnl_matmul_desc_t()
      unsafe check(dnnl_matmul_desc_init(&operation, &rows, &weights, nil, &output))
      var attributes: dnnl_primitive_attr_t?
      unsafe check(dnnl_primitive_attr_create(&attributes))
      unsafe check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user))
      var description: dnnl_primitive_desc_t?
      unsafe check(
        dnnl_primitive_desc_create(
          &description, &operation, attributes, OneDNNEngine.shared.handle, nil))
      var primitive: dnnl_primitive_t?
      unsafe check(dnnl_primitive_create(&primitive, description))
      let packed = unsafe dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0)
      let scratchpad = unsafe dnnl_primitive_desc_query_md(
        description, dnnl_query_scratchpad_md, 0)
      var name: UnsafePointer<CChar>?
      unsafe check(
        dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name))
      guard let primitive = unsafe primitive, let packed = unsafe packed,
        let scratchpad = unsafe scratchpad, let name = unsafe name
      else { preconditionFailure("oneDNN made no product of height \(height)") }
      let made = unsafe Product(
        primitive: primitive, rows: rows, output: output, scratchpad: scratchpad.pointee,
        scratchpadBytes: dnnl_memory_desc_get_size(scratchpad),
        isFast: !String(cString: name).hasPrefix("ref"))
      let layout = unsafe packed.pointee
      unsafe check(dnnl_primitive_desc_destroy(description))
      unsafe check(dnnl_primitive_attr_destroy(attributes))
      return unsafe (made, layout)
    }

    private static func reorder(
      from source: dnnl_memory_desc_t, to destination: dnnl_memory_desc_t
    ) -> dnnl_primitive_t {
      let engine = unsafe OneDNNEngine.shared.handle
      var source = source
      var destination = destination
      var description: dnnl_primitive_desc_t?
      unsafe check(
        dnnl_reorder_primitive_desc_create(
          &description, &source, engine, &destination, engine, nil))
      var primitive: dnnl_primitive_t?
      unsafe check(dnnl_primitive_create(&primitive, description))
      unsafe check(dnnl_primitive_desc_destroy(description))
      guard let primitive = unsafe primitive else {
        preconditionFailure("oneDNN cannot pack weights")
      }
      return unsafe primitive
    }
  }

  /// Weights in oneDNN's layout.
  @safe
  private final class OneDNNMatrix: PackedContent, @unchecked Sendable {
    private let shape: OneDNNShape
    private let memory: PackedMemory
    private let storage: UnsafeMutableRawPointer

    convenience init(_ shape: OneDNNShape) {
      self.init(shape, in: PackedMemory(shape.packedBytes), at: 0)
    }

    init(_ shape: OneDNNShape, in memory: PackedMemory, at offset: Int) {
      self.shape = shape
      self.memory = memory
      unsafe storage = memory.start + offset
    }

    var byteCount: Int { shape.packedBytes }
    var sliceAlignment: Int { shape.outputBlock }

    func pack(_ weights: Span<Float>, outputs slice: Range<Int>) {
      precondition(
        weights.count == slice.count * shape.inputs && slice.lowerBound >= 0
          && slice.upperBound <= shape.outputs, "\(weights.count) weights for rows \(slice)")
      unsafe weights.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress else { return }
        unsafe shape.pack(source, outputs: slice, into: storage)
      }
    }

    func multiply(
      _ rows: Span<Float>, height: Int, scratch: GemmScratch, into output: inout MutableSpan<Float>
    ) {
      // Rounded rows, if rows are rounded, then what the library asks for.
      let rounded = shape.precision == .f32 ? 0 : (rows.count * shape.precision.size + 63) / 64 * 64
      let memory = unsafe scratch.memory(rounded + shape.product(at: height).scratchpadBytes)
      unsafe rows.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress else { return }
        var factor = unsafe UnsafeMutableRawPointer(mutating: source)
        if rounded > 0 {
          unsafe ck_narrow_bf16(source, memory, rows.count)
          unsafe factor = unsafe memory
        }
        unsafe multiply(factor, height: height, scratchpad: memory + rounded, into: &output)
      }
    }

    func multiply(
      rounded rows: Span<BFloat16>, height: Int, scratch: GemmScratch,
      into output: inout MutableSpan<Float>
    ) {
      precondition(shape.precision == .bf16, "rounded rows for a product in single precision")
      let memory = unsafe scratch.memory(shape.product(at: height).scratchpadBytes)
      unsafe rows.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress else { return }
        let factor = unsafe UnsafeMutableRawPointer(mutating: source)
        unsafe multiply(factor, height: height, scratchpad: memory, into: &output)
      }
    }

    /// `factor` has the numbers of the product.
    private func multiply(
      _ factor: UnsafeMutableRawPointer, height: Int, scratchpad: UnsafeMutableRawPointer,
      into output: inout MutableSpan<Float>
    ) {
      let product = unsafe shape.product(at: height)
      unsafe output.withUnsafeMutableBufferPointer { destination in
        guard let destination = destination.baseAddress else { return }
        unsafe shape.run(
          product.primitive,
          [
            (DNNL_ARG_SRC, product.rows, factor),
            (DNNL_ARG_WEIGHTS, shape.packed, storage),
            (DNNL_ARG_DST, product.output, UnsafeMutableRawPointer(destination)),
            (DNNL_ARG_SCRATCHPAD, product.scratchpad, scratchpad),
          ])
      }
    }
  }

  extension GemmPrecision {
    fileprivate var type: dnnl_data_type_t { self == .f32 ? dnnl_f32 : dnnl_bf16 }
  }

  private func check(_ status: dnnl_status_t, line: Int = #line) {
    precondition(status == dnnl_success, "oneDNN: status \(status.rawValue) at line \(line)")
  }
#endif
