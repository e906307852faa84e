// swift-tools-version: 6.3
import PackageDescription

/// Applied to every Swift target: nothing unsafe and no warning goes unnoticed.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// A Swift module: name, then the modules it may import (the arrows of the architecture).
func module(
  _ name: String, _ modules: [String] = [], external: [Target.Dependency] = []
) -> Target {
  .target(
    name: name,
    dependencies: modules.map { .target(name: $0) } + external,
    swiftSettings: strict)
}

/// The tests of one module; they may import whatever that module may, and `TestSupport`.
func tests(
  of name: String, _ modules: [String] = [], external: [Target.Dependency] = [],
  hasGoldenFiles: Bool = false
) -> Target {
  .testTarget(
    name: name + "Tests",
    dependencies: Set([name, "TestSupport", "Diagnostics"] + modules).sorted().map {
      .target(name: $0)
    }
      + external,
    exclude: hasGoldenFiles ? ["Golden"] : [],
    swiftSettings: strict)
}

/// While developing, `MERGEVOLVE_TESTS=Recipes,Kernels swift test` builds the tests of these modules only.
let testedModules = Context.environment["MERGEVOLVE_TESTS"]?.split(separator: ",").map(String.init)

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")

let package = Package(
  name: "mergevolve",
  products: [
    .executable(name: "mergevolve", targets: ["mergevolve"]),
    // For Benchmarks/, a package of its own.
    .library(
      name: "MergeEngine",
      targets: [
        "MergeEngine", "MergeMethods", "Recipes", "Checkpoints", "Documents", "Kernels", "Tensors",
        "Diagnostics",
      ]),
    // For the measurements in Benchmarks/.
    .library(name: "Kernels", targets: ["Kernels"]),
  ],
  traits: [
    .trait(name: "OneDNN", description: "Matrix products through oneDNN (libdnnl-dev)."),
    .default(enabledTraits: ["OneDNN"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
  ],
  targets: [
    // Leaves
    module("Diagnostics"),
    module("Randomness"),
    module("Tensors", ["Diagnostics"]),
    module("Documents", ["Diagnostics"], external: [.product(name: "Yams", package: "Yams")]),

    // System libraries and C
    .target(name: "CKernels"),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "COniguruma", pkgConfig: "oniguruma", providers: [.apt(["libonig-dev"])]),
    .target(
      name: "Kernels",
      dependencies: [
        "Tensors", "Diagnostics", "CKernels", "COpenBLAS",
        .target(name: "COneDNN", condition: .when(traits: ["OneDNN"])),
      ],
      swiftSettings: strict),
    module("Patterns", ["Diagnostics", "COniguruma"]),

    // Models and merging
    module("Checkpoints", ["Kernels", "Tensors", "Diagnostics", "Documents"]),
    module("Architectures", ["Tensors", "Diagnostics", "Documents"]),
    module("Recipes", ["Documents", "Tensors", "Diagnostics"]),
    module("MergeMethods", ["Recipes", "Kernels", "Tensors", "Randomness", "Diagnostics"]),
    module(
      "MergeEngine",
      [
        "Recipes", "MergeMethods", "Checkpoints", "Architectures", "Kernels", "Documents",
        "Tensors", "Randomness", "Diagnostics",
      ], external: [logging]),

    // Evaluating
    module("Tokenization", ["Documents", "Diagnostics", "Patterns"], external: [collections]),
    module(
      "Inference", ["Architectures", "Checkpoints", "Kernels", "Tensors", "Diagnostics"]),
    module("Templates", ["Documents", "Diagnostics", "Patterns"]),
    module("Tasks", ["Templates", "Patterns", "Documents", "Randomness", "Diagnostics"]),
    module(
      "Evaluation",
      [
        "Tasks", "Templates", "Inference", "Tokenization", "Checkpoints", "Kernels", "Documents",
        "Tensors", "Diagnostics",
      ], external: [logging]),

    // Searching
    module("SearchSpaces", ["Recipes", "Documents", "Tensors", "Randomness", "Diagnostics"]),
    module("Optimizers", ["SearchSpaces", "Randomness", "Diagnostics"]),
    module(
      "PopulationStore", ["SearchSpaces", "Diagnostics"],
      external: [.product(name: "GRDB", package: "GRDB.swift")]),
    module(
      "SearchDriver",
      [
        "MergeEngine", "Evaluation", "Tasks", "Optimizers", "SearchSpaces", "Recipes",
        "Checkpoints", "Architectures", "PopulationStore", "Inference", "Tokenization",
        "Kernels", "Documents", "Tensors", "Randomness", "Diagnostics",
      ], external: [logging]),
    module(
      "Reports",
      ["PopulationStore", "SearchSpaces", "Recipes", "Documents", "Tasks", "Diagnostics"],
      external: [.product(name: "Mustache", package: "swift-mustache")]),
    .executableTarget(
      name: "mergevolve",
      dependencies: [
        "SearchDriver", "Reports", "MergeEngine", "Evaluation", "Tasks", "Templates", "Optimizers",
        "SearchSpaces", "Recipes", "Checkpoints", "Architectures", "PopulationStore", "Inference",
        "Tokenization", "Kernels", "Documents", "Tensors", "Randomness", "Diagnostics",
        argumentParser, logging,
      ],
      swiftSettings: strict),

    // The optimizers' reference suite: its problems, and the command that runs them all
    .target(
      name: "OptimizerSuite",
      dependencies: ["Optimizers", "SearchSpaces", "Randomness"],
      path: "Benchmarks/optimizers/Problems",
      swiftSettings: strict),
    .executableTarget(
      name: "optimizer-suite",
      dependencies: ["OptimizerSuite", "Optimizers", "SearchSpaces"],
      path: "Benchmarks/optimizers/Runner",
      swiftSettings: strict),

    // One resident process that scores recipes for the studies of the search
    .executableTarget(
      name: "study-evaluator",
      dependencies: [
        "Evaluation", "Tasks", "Tokenization", "Inference", "MergeEngine", "Recipes",
        "Checkpoints", "Kernels", "Documents", "Diagnostics",
      ],
      path: "Benchmarks/studies/Evaluator",
      swiftSettings: strict),

    // Tests
    .target(
      name: "TestSupport",
      dependencies: [
        "Checkpoints", "PopulationStore", "SearchSpaces", "Documents", "Tensors", "Randomness",
        "Diagnostics",
      ],
      path: "Tests/TestSupport",
      swiftSettings: strict),
    .target(
      name: "Fuzzing",
      dependencies: [
        "Checkpoints", "Recipes", "Tokenization", "Documents", "Randomness", "Tensors",
        "Diagnostics",
      ],
      path: "Tests/Fuzzing",
      swiftSettings: strict),
    .executableTarget(
      name: "fuzz", dependencies: ["Fuzzing", "Randomness", "Diagnostics", argumentParser],
      path: "Tests/FuzzProgram", swiftSettings: strict),
    tests(of: "Fuzzing", ["Randomness"]),
    tests(of: "Diagnostics"),
    tests(of: "Randomness"),
    tests(of: "Tensors"),
    tests(of: "Documents"),
    tests(of: "Kernels", ["Tensors", "Randomness"]),
    tests(of: "Patterns", ["Documents"], hasGoldenFiles: true),
    tests(of: "Checkpoints", ["Tensors", "Documents"]),
    tests(of: "Architectures", ["Tensors", "Documents"]),
    tests(of: "Recipes", ["Tensors", "Documents"], hasGoldenFiles: true),
    tests(of: "MergeMethods", ["Recipes", "Kernels", "Tensors", "Randomness"]),
    tests(
      of: "MergeEngine",
      [
        "Recipes", "MergeMethods", "Checkpoints", "Architectures", "Kernels", "Documents",
        "Tensors", "Randomness",
      ]
    ),
    tests(of: "Tokenization", ["Documents"], hasGoldenFiles: true),
    tests(
      of: "Inference",
      ["Architectures", "Checkpoints", "Kernels", "Documents", "Tensors", "Randomness"]),
    tests(of: "Templates", ["Documents", "Patterns"], hasGoldenFiles: true),
    tests(of: "Tasks", ["Documents", "Templates", "Randomness"], hasGoldenFiles: true),
    tests(
      of: "Evaluation",
      [
        "Tasks", "Inference", "Tokenization", "Checkpoints", "Kernels", "Documents", "Tensors",
        "MergeEngine", "Recipes",
      ], hasGoldenFiles: true),
    tests(of: "SearchSpaces", ["Recipes", "Documents", "Tensors"], hasGoldenFiles: true),
    tests(
      of: "Optimizers", ["SearchSpaces", "Randomness", "OptimizerSuite"], hasGoldenFiles: true),
    tests(
      of: "PopulationStore", ["SearchSpaces", "Randomness"],
      external: [.product(name: "GRDB", package: "GRDB.swift")]),
    tests(
      of: "SearchDriver",
      [
        "MergeEngine", "Evaluation", "Tasks", "Optimizers", "SearchSpaces", "Recipes",
        "Checkpoints", "Architectures", "PopulationStore", "Kernels", "Documents", "Tensors",
        "Randomness",
      ]),
    tests(
      of: "Reports", ["PopulationStore", "SearchSpaces", "Recipes", "Documents"],
      hasGoldenFiles: true),
    .testTarget(
      name: "mergevolveTests",
      dependencies: [
        "mergevolve", "TestSupport", "Checkpoints", "PopulationStore", "SearchSpaces", "Documents",
        "Recipes", "Kernels", "Randomness", "Tensors", "Diagnostics",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

if let testedModules {
  package.targets.removeAll { target in
    target.isTest && !testedModules.contains { target.name == $0 + "Tests" }
  }
}
