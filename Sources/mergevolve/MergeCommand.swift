import ArgumentParser
import Checkpoints
import Diagnostics
import Documents
import Foundation
import Kernels
import MergeEngine
import Recipes
import Reports

/// `mergevolve merge`: a recipe to a checkpoint.
struct MergeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Write the merge that a recipe describes as a checkpoint.",
    discussion: """
      Reads a recipe in mergekit's format (YAML; several stages as for mergekit-multi) and writes a \
      folder that transformers loads: weights in safetensors, config.json, the tokenizer's files and \
      a model card with the recipe. The weights are, bit for bit, those that 'evaluate' and 'search' \
      score for the same recipe. The folder appears when it is complete; nothing is overwritten.

      Paths of models are relative to the working directory, else to the recipe's folder; ids of \
      the hub are looked up in the local Hugging Face cache. 'model+adapter' merges a LoRA adapter \
      in PEFT's format into the model when it is read.

      The options of mergekit-yaml are understood under their names.

      Example: mergevolve merge best.yaml merged-model
      """)

  @Argument(help: ArgumentHelp("The recipe.", valueName: "recipe"))
  var recipe: String

  @Argument(help: ArgumentHelp("The folder to be made.", valueName: "out"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Bytes of weights per file, such as 500M or 5B (decimal K, M, B).", valueName: "size"))
  var outShardSize = ByteCount(bytes: 5_000_000_000)

  @Flag(
    inversion: .prefixedNo,
    help: "Copy the tokenizer's files. A tokenizer that the recipe asks for is always written.")
  var copyTokenizer = true

  @Flag(
    inversion: .prefixedNo, help: "Write README.md and mergekit_config.yml, which hold the recipe.")
  var writeModelCard = true

  @Option(
    name: [.customLong("threads"), .customShort("j"), .customLong("num-threads")],
    help: ArgumentHelp("Number of threads (default: one per processor).", valueName: "number"))
  var threads: Int?

  @Flag(inversion: .prefixedNo, help: "Show no progress and no notes.")
  var quiet = false

  @OptionGroup(title: "Options of mergekit")
  var options: MergekitOptions

  @OptionGroup(title: "Options of mergekit that are accepted, but have no effect")
  var unneeded: UnneededMergekitOptions

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
  }

  func run() async throws {
    let writer = CheckpointWriter(shardLimit: outShardSize.bytes)
    try writer.checkPlace(output)
    let text = try FileContents.text(of: recipe)
    let plan = try plan()
    let chatTemplate = try plan.chatTemplate()
    let pool = WorkerPool(threads: threads ?? WorkerPool.processorCount)
    for line in unneeded.notes + plan.notes { tell("note: \(line)") }
    if plan.document.output.chatTemplate == .auto, chatTemplate == nil {
      tell("note: none of the models has a chat template, so none is written")
    }
    try plan.checkFinite(on: pool)
    var texts = chatTemplate.map { [TextFile(name: "chat_template.jinja", text: $0)] } ?? []
    if writeModelCard { texts += modelCard(plan, text) }
    let tokenizer = try tokenizer(plan, writes: chatTemplate != nil, &texts)
    let progress = quiet ? nil : ProgressLine("writing \(output)")
    try await running {
      try writer.write(
        plan, to: output, tokenizer: tokenizer, texts: texts, on: pool,
        progress: { progress?.show($0) })
    }
    progress?.end()
    tell("wrote \(output): \(plan.tensorNames.count) tensors")
  }

  private func tell(_ line: String) {
    if !quiet { note(line) }
  }

  private func plan() throws(Diagnostic) -> MergePlan {
    var document = try RecipeDocument.read(path: recipe)
    if let seed = options.randomSeed { document = try document.withMaskSeed(seed) }
    let library = CheckpointLibrary(
      cache: options.transformersCache.map(HubCache.init(folder:)) ?? .standard)
    return try MergePlan.build(
      document, library: library, statistics: .forOneMerge(),
      options: MergeOptions(
        mixesArchitectures: options.allowCrimes,
        truncatesEmbeddings: options.unsafeTruncateEmbeddings,
        adapterDType: options.loraMergeDtype?.dtype))
  }

  /// The folder whose tokenizer is copied; the files of one that was built join `texts`.
  private func tokenizer(
    _ plan: MergePlan, writes: Bool, _ texts: inout [TextFile]
  ) throws(Diagnostic) -> String? {
    guard copyTokenizer || writes || plan.document.output.tokenizer != nil else { return nil }
    guard let files = try plan.tokenizer.builtFiles() else { return plan.tokenizer.folder }
    let names = Set(texts.map(\.name))
    texts += files.filter { !names.contains($0.name) }
    return nil
  }

  private typealias TextFile = CheckpointWriter.TextFile

  private func modelCard(_ plan: MergePlan, _ text: String) -> [TextFile] {
    let notes = options.notes.map { "# \($0)\n" }.joined()
    let text = notes + (options.randomSeed == nil ? text : plan.document.yaml)
    let models = plan.document.models.flatMap { [$0.path] + ($0.adapter.map { [$0.path] } ?? []) }
    let hubModels = models.filter {
      HubCache.isIdentifier($0) && !FileContents.exists($0)
    }
    let card = ModelCard(
      name: URL(fileURLWithPath: output).lastPathComponent, document: plan.document,
      recipeText: text, hubModels: hubModels)
    return [
      TextFile(name: "README.md", text: card.text),
      TextFile(name: "mergekit_config.yml", text: text),
    ]
  }
}

/// A number of bytes, written plainly or with a decimal suffix.
struct ByteCount: ExpressibleByArgument, CustomStringConvertible {
  let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let units = ["K": 1_000, "M": 1_000_000, "B": 1_000_000_000]
    let unit = argument.last.flatMap { units[$0.uppercased()] }
    let digits = unit == nil ? argument[...] : argument.dropLast()
    guard let number = Int(digits), number > 0 else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
    guard !overflow else { return nil }
    self.bytes = bytes
  }

  var description: String {
    bytes.isMultiple(of: 1_000_000_000) ? "\(bytes / 1_000_000_000)B" : "\(bytes)"
  }
}
