// swift-tools-version: 6.2
import PackageDescription

/// A package as a stranger has it: our library by its URL, beside modules whose names it must not have. `PackageTests` builds and runs it.
let package = Package(
    name: "outside",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://…/footbridge", branch: "main", traits: []),
        .package(path: "Neighbour"),
    ],
    targets: [
        .executableTarget(
            name: "host",
            dependencies: [
                .product(name: "RedisStreams", package: "footbridge"),
                .product(name: "Neighbour", package: "neighbour"),
            ])
    ]
)
