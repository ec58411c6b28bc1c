// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// For a library that is loaded into other programs: no Swift runtime, and no allocation. A static
// standard library, which the programs are released with, is one that Embedded Swift does not have.
let embedded: [SwiftSetting] = [
  .enableExperimentalFeature("Embedded"),
  .unsafeFlags([
    "-no-static-stdlib", "-wmo", "-Osize", "-no-allocations", "-Xfrontend", "-function-sections",
  ]),
]

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

// One direction: packet → header → flow → tally → ledger → month → released table → page.
// A module names here only what lies before it in that line.
let package = Package(
  name: "weir",
  products: [
    .executable(name: "weir-mark", targets: ["weir-mark"]),
    .library(name: "weirmark", type: .dynamic, targets: ["WeirMark"]),
    .executable(name: "weir-collect", targets: ["weir-collect"]),
    .executable(name: "weir-report", targets: ["weir-report"]),
    .library(name: "WeirMarkCheck", targets: ["MarkCheck"]),
    .library(
      name: "WeirPipeline",
      targets: ["Configuration", "Packets", "Flows", "Networks", "Capture", "Ledger", "Tallies"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .systemLibrary(
      name: "CMaxMindDB", pkgConfig: "libmaxminddb", providers: [.apt(["libmaxminddb-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CMessageDigest", pkgConfig: "nettle", providers: [.apt(["nettle-dev"])]),
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(
      name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
    .systemLibrary(name: "CInterposition"),
    .target(name: "CConfinement"),
    .target(name: "CSystem"),
    .target(name: "CCipher"),

    .target(name: "MarkPolicy", swiftSettings: strict),
    .target(name: "MarkCheck", dependencies: ["MarkPolicy"], swiftSettings: strict),
    .target(
      name: "WeirMark", dependencies: ["CInterposition"], exclude: ["exports.map"],
      swiftSettings: strict + embedded,
      linkerSettings: [
        .unsafeFlags([
          "-no-static-stdlib",
          "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/WeirMark/exports.map",
          "-Xlinker", "--gc-sections", "-Xlinker", "-z", "-Xlinker", "now",
          "-Xlinker", "-soname=libweirmark.so",
        ])
      ]),
    .target(name: "Tallies", swiftSettings: strict),
    .target(name: "Console", dependencies: ["CSystem", "Tallies"], swiftSettings: strict),
    .target(name: "Configuration", swiftSettings: strict),
    .target(
      name: "Confinement", dependencies: ["CConfinement", "CSeccomp"], swiftSettings: strict),
    .target(name: "Packets", swiftSettings: strict),
    .target(name: "Threads", swiftSettings: strict),
    .target(name: "KeyedHash", dependencies: ["CCipher"], swiftSettings: strict),
    .target(
      name: "Flows", dependencies: ["CSystem", "KeyedHash", "Packets", "Tallies"],
      swiftSettings: strict),
    .target(
      name: "Networks",
      dependencies: ["CMaxMindDB", "KeyedHash", "MessageDigest", "Packets", "Tallies"],
      swiftSettings: strict),
    .target(name: "MessageDigest", dependencies: ["CMessageDigest"], swiftSettings: strict),
    .target(name: "Ledger", dependencies: ["CSQLite", "Tallies"], swiftSettings: strict),
    .target(
      name: "Capture", dependencies: ["CPcap", "CSystem", "CXXHash", "Packets"],
      swiftSettings: strict),
    .target(name: "Disclosure", dependencies: ["Tallies"], swiftSettings: strict),
    .target(
      name: "Site",
      dependencies: [
        "Disclosure", "MessageDigest", "Tallies",
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      swiftSettings: strict),

    .executableTarget(
      name: "weir-mark",
      dependencies: [
        "Console", "MarkCheck", "MarkPolicy", "MessageDigest", "Tallies", argumentParser,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "weir-collect",
      dependencies: [
        "Capture", "Configuration", "Confinement", "Console", "Flows", "Ledger", "MessageDigest",
        "Networks",
        "Packets", "Tallies", "Threads", argumentParser,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "weir-report",
      dependencies: [
        "Configuration", "Console", "Disclosure", "Ledger", "MessageDigest", "Site", "Tallies",
        argumentParser,
      ],
      swiftSettings: strict),

    .executableTarget(
      name: "weir-attack-release", dependencies: ["Disclosure", "Tallies"],
      path: "Tests/Attack/Sources/weir-attack-release", swiftSettings: strict),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .target(name: "Attempts", path: "Tests/Confinement/Attempts"),
    .executableTarget(
      name: "confined", dependencies: ["Attempts", "Confinement"],
      path: "Tests/Confinement/Confined", swiftSettings: strict),
    .testTarget(
      name: "ConfigurationTests", dependencies: ["Configuration", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "MarkPolicyTests", dependencies: ["MarkPolicy"], swiftSettings: strict),
    .testTarget(
      name: "MarkCheckTests", dependencies: ["MarkCheck", "MarkPolicy", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "TalliesTests", dependencies: ["Tallies", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "PacketsTests", dependencies: ["CPcap", "Capture", "Packets", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "FlowsTests",
      dependencies: ["Flows", "KeyedHash", "Packets", "Tallies", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "NetworksTests",
      dependencies: ["MessageDigest", "Networks", "Packets", "Tallies", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "LedgerTests", dependencies: ["CSQLite", "Ledger", "Tallies", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "CaptureTests", dependencies: ["CPcap", "Capture", "Packets", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "DisclosureTests", dependencies: ["Disclosure", "Tallies", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "SiteTests", dependencies: ["Disclosure", "Site", "Tallies"], swiftSettings: strict),
    .testTarget(
      name: "CollectTests",
      dependencies: [
        "Capture", "Configuration", "Flows", "Ledger", "Networks", "Packets", "Tallies",
        "weir-collect", "TestSupport", argumentParser,
      ],
      swiftSettings: strict),
  ]
)
