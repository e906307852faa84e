import Architectures
import ArgumentParser
import Checkpoints
import Diagnostics
import Documents
import Inference
import Kernels
import Tensors

/// `mergevolve logits`: the forward pass laid open, for comparison with other implementations.
struct LogitsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logits",
    abstract: "Write the logits of token sequences to a safetensors file.",
    discussion: """
      Reads named sequences of token ids, {"name": [1, 2, 3], …}, runs the forward pass, and writes \
      one float32 tensor per name, shape tokens × vocabulary, to the output file, which is replaced \
      if it exists. No special tokens are added.

      MODEL is a model's folder, the id of a model in the local Hugging Face cache, or a recipe, \
      whose weights are merged on the way.

      Example: mergevolve logits Datasets/demo/models/base --tokens ids.json --output logits.safetensors
      """)

  enum Choice: String, CaseIterable, ExpressibleByArgument {
    case auto, f32, bf16
  }

  @Argument(help: ArgumentHelp("A model's folder, its hub id, or a recipe.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The sequences, as JSON.", valueName: "file.json"))
  var tokens: String

  @Option(help: ArgumentHelp("Where the logits go.", valueName: "file.safetensors"))
  var output: String

  @Option(help: "In which numbers to multiply; auto is f32.")
  var precision = Choice.auto

  @Option(
    help: ArgumentHelp("Number of threads (default: one per processor).", valueName: "number"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
  }

  func run() async throws {
    guard precision != .bf16 else {
      throw Diagnostic(
        "there is no bf16 path yet", at: "--precision bf16", fix: "use --precision f32")
    }
    let sequences = try TokenSequences.read(path: tokens)
    let opened = try ModelArgument(model).open()
    let vocabulary = opened.configuration.vocabularySize
    try sequences.check(vocabulary: vocabulary, positions: opened.configuration.longestSequence)
    let pool = WorkerPool(threads: threads ?? WorkerPool.processorCount)
    try opened.checkFinite(on: pool)
    let engine = try InferenceEngine(pool: pool)
    let file = try SafetensorsOutput(
      output,
      tensors: sequences.all.map {
        TensorDescription(name: $0.name, dtype: .f32, shape: Shape([$0.ids.count, vocabulary]))
      })
    try await running {
      for batch in sequences.batches(ofAtMost: (512 << 20) / (4 * vocabulary)) {
        let logits = try engine.logits(batch.map(\.ids), source: opened.source)
        for (sequence, values) in zip(batch, logits) {
          try file.write(values.span, to: sequence.name)
        }
      }
      try file.finish()
    }
  }
}
