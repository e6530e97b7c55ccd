// swift-tools-version: 6.2
import PackageDescription

/// Modules of others, by names that anybody might give to theirs.
let names = [
    "Redis", "RESP", "Curl", "CCurl", "COpenSSL", "HTTP", "JQ", "CJQ", "Webhooks", "Admin", "Streams", "TestSupport",
]

let package = Package(
    name: "neighbour",
    products: [.library(name: "Neighbour", targets: names)],
    targets: names.map { .target(name: $0, path: "Sources/\($0)") }
)
