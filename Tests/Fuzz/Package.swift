// swift-tools-version: 6.2
import PackageDescription

// libFuzzer brings its own `main`, so that each target is a library with one C entry point. A package
// of its own, since everything below it is built with the fuzzer's and AddressSanitizer's
// instrumentation; see `run`.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "weir", path: "../..")],
  targets: [
    .executableTarget(
      name: "FuzzPackets",
      dependencies: [.product(name: "WeirPipeline", package: "weir")],
      swiftSettings: [.strictMemorySafety(), .unsafeFlags(["-parse-as-library"])]),
    .executableTarget(
      name: "FuzzFlows",
      dependencies: [.product(name: "WeirPipeline", package: "weir")],
      swiftSettings: [.strictMemorySafety(), .unsafeFlags(["-parse-as-library"])]),
    .executableTarget(
      name: "FuzzCaptures",
      dependencies: [.product(name: "WeirPipeline", package: "weir")],
      swiftSettings: [.strictMemorySafety(), .unsafeFlags(["-parse-as-library"])]),
    .executableTarget(
      name: "FuzzConfiguration",
      dependencies: [.product(name: "WeirPipeline", package: "weir")],
      swiftSettings: [.strictMemorySafety(), .unsafeFlags(["-parse-as-library"])]),
    .executableTarget(
      name: "FuzzMarkCheck",
      dependencies: [.product(name: "WeirMarkCheck", package: "weir")],
      swiftSettings: [.strictMemorySafety(), .unsafeFlags(["-parse-as-library"])]),
  ]
)
