// swift-tools-version: 6.3
import PackageDescription

// Measurements of the program's parts that a command line of the program itself cannot give. Ratios within
// one run are what counts here (a share of memcpy, a share of torch), which is why there is no
// benchmark framework: those compare a figure with itself over time.
let package = Package(
  name: "mergevolve-benchmarks",
  dependencies: [.package(name: "mergevolve", path: "..")],
  targets: [
    .executableTarget(
      name: "merge-bench",
      dependencies: [.product(name: "MergeEngine", package: "mergevolve")],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
      ])
  ],
  swiftLanguageModes: [.v6]
)
