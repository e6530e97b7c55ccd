// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "worker",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://…/footbridge", branch: "main", traits: [])
    ],
    targets: [
        .executableTarget(
            name: "worker",
            dependencies: [
                .product(name: "RedisStreams", package: "footbridge")
            ])
    ]
)
