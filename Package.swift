// swift-tools-version: 6.2
import PackageDescription

/// A lock that the thread sanitizer sees (`make sanitize`).
let traced: [SwiftSetting] = Context.environment["FOOTBRIDGE_TSAN"] == nil ? [] : [.define("FOOTBRIDGE_TSAN")]

let common: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let strict = common + traced

/// Deliberate faults for checking the checks (`make chaos ARGS=--check-the-checker`); only in a build that asks for them.
let sabotage: [SwiftSetting] =
    Context.environment["FOOTBRIDGE_SABOTAGE"] == nil ? [] : [.define("FOOTBRIDGE_SABOTAGE")]

func library(_ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict + settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

/// What only the bridge needs: a package that depends on the library with `traits: []` does not fetch it.
let bridge = TargetDependencyCondition.when(traits: ["Bridge"])
let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser", condition: bridge)
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: bridge)
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

/// For `make docs` alone: nobody else has to fetch it.
let documentation: [Package.Dependency] =
    Context.environment["FOOTBRIDGE_DOCS"] == nil
    ? [] : [.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0")]

let package = Package(
    name: "footbridge",
    // For the library. Linux alone is tested, and the bridge runs there alone.
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: [
        .executable(name: "footbridge", targets: ["footbridge"]),
        .library(name: "RedisStreams", targets: ["RedisStreams"]),
    ],
    traits: [
        .trait(name: "Bridge", description: "The program `footbridge`, with what it needs beside the library."),
        .default(enabledTraits: ["Bridge"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // The first with HeapModule.
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        // The first whose events carry an error.
        .package(url: "https://github.com/apple/swift-log", from: "1.12.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ] + documentation,
    targets: [
        .systemLibrary(name: "CFootbridgeCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CFootbridgeOpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CFootbridgeLinux"),
        .systemLibrary(name: "CFootbridgeYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CFootbridgeJQ", linkerSettings: [.linkedLibrary("jq")]),
        .target(name: "CFootbridgeSampleEvents", exclude: ["events.ndjson"]),
        .target(name: "CFootbridgeAdminPage", exclude: ["page.html", "page.css", "script"]),
        library("FootbridgeCurl", ["CFootbridgeCurl", heap]),
        library("FootbridgeRESP", []),
        library("FootbridgeRedis", ["FootbridgeRESP", "FootbridgeCurl", deque]),
        library("RedisStreams", ["FootbridgeRedis", "FootbridgeRESP", "FootbridgeCurl", heap, deque, logging]),
        library("FootbridgeWebhooks", ["FootbridgeCurl", "CFootbridgeOpenSSL"]),
        library("FootbridgeJQ", ["CFootbridgeJQ"]),
        library("FootbridgeHTTP", ["FootbridgeCurl", "CFootbridgeCurl"]),
        library(
            "Footbridge",
            [
                "RedisStreams", "FootbridgeRedis", "FootbridgeRESP", "FootbridgeWebhooks", "FootbridgeJQ",
                "FootbridgeCurl", "CFootbridgeYAML", logging, lifecycle, heap, deque,
            ],
            settings: sabotage),
        library(
            "FootbridgeAdmin",
            [
                "Footbridge", "FootbridgeHTTP", "CFootbridgeAdminPage", "RedisStreams", "FootbridgeRedis",
                "FootbridgeWebhooks", "FootbridgeCurl", logging, lifecycle,
            ]),
        .executableTarget(
            name: "footbridge",
            dependencies: [
                "Footbridge", "FootbridgeAdmin", "FootbridgeHTTP", "RedisStreams", "FootbridgeRedis", "FootbridgeRESP",
                "FootbridgeWebhooks", "FootbridgeJQ", "FootbridgeCurl",
                "CFootbridgeLinux", "CFootbridgeSampleEvents", argumentParser, logging, lifecycle,
            ],
            path: "Sources/FootbridgeCLI",
            swiftSettings: strict
        ),
        .target(
            name: "CTLSServer", path: "Tests/CTLSServer",
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "TestThreads", dependencies: ["TestSupport"], path: "Tests/TestThreads", swiftSettings: strict),
        .target(
            name: "LoopTestSupport", dependencies: ["FootbridgeCurl", "TestSupport"], path: "Tests/LoopTestSupport",
            swiftSettings: strict),
        tests("CurlTests", ["TestThreads", "FootbridgeCurl", "CFootbridgeCurl", "TestSupport", "LoopTestSupport"]),
        tests("RESPTests", ["FootbridgeRESP"]),
        tests(
            "RedisTests",
            ["TestThreads", "FootbridgeRedis", "FootbridgeRESP", "FootbridgeCurl", "TestSupport", "LoopTestSupport"]),
        tests(
            "RedisStreamsTests",
            [
                "TestThreads", "RedisStreams", "FootbridgeRedis", "FootbridgeRESP", "FootbridgeCurl", "TestSupport",
                logging,
                "WorkerPeer",
            ],
            resources: [.copy("Interop/walrus_peer.py")]),
        tests("WebhooksTests", ["FootbridgeWebhooks"]),
        tests("JQTests", ["TestThreads", "FootbridgeJQ"]),
        tests("HTTPTests", ["FootbridgeHTTP", "FootbridgeCurl", "TestSupport"]),
        tests(
            "FootbridgeTests",
            [
                "TestThreads",
                "Footbridge", "RedisStreams", "FootbridgeRedis", "FootbridgeRESP", "FootbridgeWebhooks", "FootbridgeJQ",
                "FootbridgeCurl", "TestSupport",
                "LoopTestSupport", logging,
            ],
            resources: [.copy("Fixtures"), .copy("Peers/schema_peer.py")]),
        tests(
            "FootbridgeAdminTests",
            ["FootbridgeAdmin", "Footbridge", "FootbridgeHTTP", "RedisStreams", "TestSupport", logging, lifecycle]),
        tests(
            "FootbridgeCLITests",
            ["footbridge", "CFootbridgeSampleEvents", "RedisStreams", "TestSupport", "FootbridgeWebhooks"]),
        tests(
            "ScenarioTests", ["TestThreads", "footbridge", "TestSupport", "CFootbridgeOpenSSL"],
            resources: [.copy("Peers/webhook_peers.py")]),
        .executableTarget(
            name: "chaos", dependencies: ["TestSupport", "CFootbridgeOpenSSL", "CTLSServer", argumentParser],
            path: "Tests/Chaos",
            swiftSettings: strict),
        tests("ChaosTests", ["chaos", "TestSupport"]),
        tests(
            "PackageTests", ["TestSupport", "RedisStreams"],
            exclude: ["public-symbols", "public-symbols.txt"]),
        .executableTarget(
            name: "WorkerPeer", dependencies: ["RedisStreams"], path: "Tests/WorkerPeer", swiftSettings: strict),
        .executableTarget(
            name: "stream-bench", dependencies: ["RedisStreams", argumentParser], path: "Benchmarks/StreamBench",
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
