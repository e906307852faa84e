import ArgumentParser
import Diagnostics
import Foundation
import Tensors

/// The options of mergekit-yaml and mergekit-multi that change the result, under the same names.
struct MergekitOptions: ParsableArguments {
  /// Types to which a model may be cast before an adapter is merged into it.
  enum AdapterDType: String, CaseIterable, ExpressibleByArgument {
    case float32, bfloat16, float16

    init?(argument: String) {
      self.init(rawValue: argument.hasPrefix("torch.") ? String(argument.dropFirst(6)) : argument)
    }

    var dtype: DType {
      switch self {
      case .float32: .f32
      case .bfloat16: .bf16
      case .float16: .f16
      }
    }
  }

  @Option(
    help: ArgumentHelp(
      "Seed of the random masks of dare and della, instead of the recipe's comment.",
      valueName: "integer"))
  var randomSeed: UInt64?

  @Flag(
    inversion: .prefixedNo,
    help: "Read models of other architectures as if they were of the donor's.")
  var allowCrimes = false

  @Flag(
    inversion: .prefixedNo,
    help: "Cut embeddings and head to the smallest vocabulary, if the recipe asks for no tokenizer."
  )
  var unsafeTruncateEmbeddings = false

  @Option(
    help: ArgumentHelp(
      "Cast models to this type before LoRA adapters are merged into them (default: as stored).",
      valueName: "dtype"))
  var loraMergeDtype: AdapterDType?

  @Option(
    help: ArgumentHelp(
      "Where models of the hub are looked up (default: the local Hugging Face cache).",
      valueName: "folder"))
  var transformersCache: String?

  @Flag(
    inversion: .prefixedNo, help: "Write safetensors. Pickles are never written, so this stays on.")
  var safeSerialization = true

  func validate() throws {
    guard safeSerialization else {
      throw ValidationError(
        "--no-safe-serialization: pickles are never written; leave the option out")
    }
  }

  /// As a note in the recipe that goes along with the weights, for what the recipe cannot say.
  var notes: [String] {
    var options: [String] = []
    if allowCrimes { options.append("--allow-crimes") }
    if unsafeTruncateEmbeddings { options.append("--unsafe-truncate-embeddings") }
    if let loraMergeDtype { options.append("--lora-merge-dtype \(loraMergeDtype.rawValue)") }
    return options.isEmpty ? [] : ["merged with \(options.joined(separator: " "))"]
  }
}

/// Options of mergekit that are accepted, so that its command lines work, but have nothing to do here.
struct UnneededMergekitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Adapters are merged on the fly; nothing is kept.", valueName: "folder"))
  var loraMergeCache: String?

  @Option(
    name: [.customShort("I"), .long],
    help: ArgumentHelp("Stages are merged on the fly; nothing is kept.", valueName: "folder"))
  var intermediateDir: String?

  @Flag(inversion: .prefixedNo, help: "As for --intermediate-dir.")
  var lazy = true

  @Flag(inversion: .prefixedNo, help: "Code of models is never run.")
  var trustRemoteCode = false

  @Option(help: ArgumentHelp("Merges run on the CPU.", valueName: "name"))
  var device: String?

  @Flag(inversion: .prefixedNo, help: "As for --device.")
  var cuda = false

  @Flag(inversion: .prefixedNo, help: "As for --device.")
  var readToGpu = false

  @Flag(inversion: .prefixedNo, help: "As for --device.")
  var multiGpu = false

  @Flag(help: "As for --device.")
  var gpuRich = false

  @Flag(inversion: .prefixedNo, help: "Memory is bounded without it.")
  var lowCpuMemory = false

  @Flag(inversion: .prefixedNo, help: "Pickles are never read.")
  var lazyUnpickle = false

  @Flag(inversion: .prefixedNo, help: "Layers may occur several times without it.")
  var cloneTensors = false

  @Flag(inversion: .prefixedNo, help: "Weights are written by all threads without it.")
  var asyncWrite = false

  @Option(help: ArgumentHelp("As for --async-write.", valueName: "number"))
  var writeThreads: Int?

  @Flag(name: .short, help: "There is nothing more to tell.")
  var verbose: Int

  /// What a user of mergekit might expect and does not get.
  var notes: [String] {
    var notes: [String] = []
    if let loraMergeCache {
      notes.append(
        "--lora-merge-cache: adapters are merged on the fly; nothing is written to \(loraMergeCache)"
      )
    }
    if let intermediateDir {
      notes.append(
        "--intermediate-dir: stages are merged on the fly; nothing is written to \(intermediateDir)"
      )
    }
    if cuda || readToGpu || multiGpu || gpuRich
      || device.map({ $0 != "cpu" && $0 != "auto" }) == true
    {
      notes.append("merges run on the CPU")
    }
    if trustRemoteCode { notes.append("--trust-remote-code: code of models is never run") }
    return notes
  }
}
