// swift-tools-version: 6.3
import PackageDescription

// The peak of the GEMM library, with which the evaluator's speed is compared.
let package = Package(
  name: "gemm-bench",
  dependencies: [.package(name: "mergevolve", path: "../../..")],
  targets: [
    .executableTarget(
      name: "gemm-bench",
      dependencies: [.product(name: "Kernels", package: "mergevolve")],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
      ])
  ],
  swiftLanguageModes: [.v6]
)
