import Foundation
import TestSupport
import Testing

/// What can be told here of systems other than Linux: that the library asks first for what they do not have.
struct PortabilityTests {
    private static let modules = [
        "CFootbridgeCurl", "FootbridgeCurl", "FootbridgeRESP", "FootbridgeRedis", "RedisStreams",
    ]

    private func files(_ suffix: String) throws -> [(path: String, text: String)] {
        try Self.modules.flatMap { module -> [(path: String, text: String)] in
            let directory = Repository.path("Sources/\(module)")
            return try FileManager.default.subpathsOfDirectory(atPath: directory).filter { $0.hasSuffix(suffix) }
                .map { ("\(module)/\($0)", try Repository.text("Sources/\(module)/\($0)")) }
        }
    }

    /// The formatter indents what stands in `#if`.
    @Test func `modules of one system are imported where they are`() throws {
        let sources = try files(".swift")
        #expect(sources.count > 80)
        let bare = sources.filter {
            $0.text.contains(#/(?m)^(?:\w+ )?import (?:Glibc|Musl|Darwin|Foundation|FoundationEssentials)$/#)
        }
        #expect(bare.map(\.path) == [])
    }

    /// Which Swift sees through one header, under one name on all systems.
    @Test func `what only Linux has stands behind a question`() throws {
        for (path, text) in try files(".swift") + files(".h") {
            var depth = 0
            for line in text.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
                if line.hasPrefix("#if") { depth += 1 }
                if line.hasPrefix("#endif") { depth -= 1 }
                let code = line.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[0]
                let isLinux = code.contains(
                    #/\b(?:epoll_\w+|eventfd\w*|prctl|accept4|SYS_\w+|SOCK_CLOEXEC|MSG_NOSIGNAL)\b/#)
                // A header's own guard is one.
                #expect(!isLinux || depth > (path.hasSuffix(".h") ? 1 : 0), "\(path): \(line)")
            }
        }
    }
}
