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

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "footbridge",
    products: [
        .executable(name: "footbridge", targets: ["footbridge"]),
        .library(name: "RedisStreams", targets: ["RedisStreams"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CJQ", linkerSettings: [.linkedLibrary("jq")]),
        .target(name: "CSampleEvents", exclude: ["events.ndjson"]),
        .target(name: "CAdminPage", exclude: ["page.html", "page.css", "script"]),
        library("Curl", ["CCurl", "COpenSSL", heap]),
        library("RESP", []),
        library("Redis", ["RESP", "Curl", deque]),
        library("RedisStreams", ["Redis", "RESP"]),
        library("Webhooks", ["Curl", "COpenSSL"]),
        library("JQ", ["CJQ"]),
        library("HTTP", ["Curl", "CCurl"]),
        library(
            "Footbridge",
            ["RedisStreams", "Redis", "RESP", "Webhooks", "JQ", "Curl", "CYAML", logging, lifecycle, heap, deque],
            settings: sabotage),
        library(
            "FootbridgeAdmin",
            [
                "Footbridge", "HTTP", "CAdminPage", "RedisStreams", "Redis", "Webhooks", "Curl", logging, lifecycle,
            ]),
        .executableTarget(
            name: "footbridge",
            dependencies: [
                "Footbridge", "FootbridgeAdmin", "HTTP", "RedisStreams", "Redis", "RESP", "Webhooks", "JQ", "Curl",
                "CLinux", "CSampleEvents", argumentParser, logging, lifecycle,
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
            name: "LoopTestSupport", dependencies: ["Curl", "TestSupport"], path: "Tests/LoopTestSupport",
            swiftSettings: strict),
        tests("CurlTests", ["TestThreads", "Curl", "CCurl", "TestSupport", "LoopTestSupport"]),
        tests("RESPTests", ["RESP"]),
        tests("RedisTests", ["TestThreads", "Redis", "RESP", "Curl", "TestSupport", "LoopTestSupport"]),
        tests(
            "RedisStreamsTests", ["TestThreads", "RedisStreams", "Redis", "RESP", "TestSupport"],
            resources: [.copy("Interop/walrus_peer.py")]),
        tests("WebhooksTests", ["Webhooks"]),
        tests("JQTests", ["TestThreads", "JQ"]),
        tests("HTTPTests", ["HTTP", "Curl", "TestSupport"]),
        tests(
            "FootbridgeTests",
            [
                "TestThreads",
                "Footbridge", "RedisStreams", "Redis", "RESP", "Webhooks", "JQ", "Curl", "TestSupport",
                "LoopTestSupport", logging,
            ],
            resources: [.copy("Fixtures"), .copy("Peers/schema_peer.py")]),
        tests(
            "FootbridgeAdminTests",
            ["FootbridgeAdmin", "Footbridge", "HTTP", "RedisStreams", "TestSupport", logging, lifecycle]),
        tests("FootbridgeCLITests", ["footbridge", "CSampleEvents", "RedisStreams", "TestSupport", "Webhooks"]),
        tests(
            "ScenarioTests", ["TestThreads", "footbridge", "TestSupport", "COpenSSL"],
            resources: [.copy("Peers/webhook_peers.py")]),
        .executableTarget(
            name: "chaos", dependencies: ["TestSupport", "COpenSSL", "CTLSServer", argumentParser], path: "Tests/Chaos",
            swiftSettings: strict),
        tests("ChaosTests", ["chaos"]),
        .executableTarget(
            name: "stream-bench", dependencies: ["RedisStreams", argumentParser], path: "Benchmarks/StreamBench",
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
