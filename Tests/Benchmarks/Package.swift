// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who builds Weir builds what measures it; see README.md.
let package = Package(
  name: "benchmarks",
  dependencies: [.package(name: "weir", path: "../..")],
  targets: [
    .executableTarget(
      name: "count-packets",
      linkerSettings: [.linkedLibrary("pcap")]),
    .executableTarget(
      name: "send-frames",
      linkerSettings: [.linkedLibrary("pcap")]),
    .executableTarget(
      name: "make-traffic", swiftSettings: [.strictMemorySafety()]),
    .executableTarget(
      name: "measure-flows",
      dependencies: [.product(name: "WeirPipeline", package: "weir")],
      swiftSettings: [.strictMemorySafety()]),
  ]
)
