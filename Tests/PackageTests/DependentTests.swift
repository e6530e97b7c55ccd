import Foundation
import TestSupport
import Testing

/// What a package takes on that depends on the library alone: `Tests/Outside`, built away from here.
@Suite(.timeLimit(.minutes(10))) struct DependentTests {
    /// The host program, built. Its modules lie beside others called Redis, RESP, HTTP …, and Foundation is imported, too.
    private static let host = Task {
        let outside = try await Outside.shared.value
        return try await onThread { try outside.build(try outside.take("Tests/Outside"), "host") }
    }

    @Test func `what the bridge needs is not resolved`() async throws {
        _ = try await Self.host.value
        let outside = try await Outside.shared.value
        let text = try await onThread {
            try outside.describe(
                Repository.path(".build-outside/Outside"), "show-dependencies", "--format", "json")
        }
        struct Package: Decodable {
            var identity: String
            var dependencies: [Package]
            var all: Set<String> { dependencies.reduce([identity]) { $0.union($1.all) } }
        }
        let resolved = try JSONDecoder().decode(Package.self, from: Data(text.utf8)).all
        let expected: Set = ["outside", "neighbour", "footbridge", "swift-collections"]
        #expect(resolved.subtracting(["swift-log"]) == expected)
    }

    /// What the linker was asked for, without what comes with Swift, with the C library, and what libcurl itself needs.
    @Test func `of the system's libraries it links libcurl alone`() async throws {
        let program = try await Self.host.value
        let text = try await onThread { try run("readelf", ["--dynamic", "--wide", program]) }
        let needed = text.matches(of: /\(NEEDED\).*\[(.+)\]/).map { String($0.1) }
        let ofSwift = try await onThread { try run("ldd", [program]) }
            .split(separator: "\n").filter { $0.contains("/usr/lib/swift/linux/") }
            .compactMap { $0.split(separator: " ").first.map { $0.trimmingCharacters(in: .whitespaces) } }
        let ofC = ["libc.so", "libm.so", "libgcc_s.so", "libstdc++.so", "ld-linux"]
        let others = needed.filter { name in !ofSwift.contains(name) && !ofC.contains { name.hasPrefix($0) } }
        #expect(others == ["libcurl.so.4"])
    }

    @Test(arguments: [
        ("leaves-signals", ChildProcess.Exit.signal(SIGPIPE), "used\n"),
        ("keeps-ignoring", .status(0), "used\n"),
        ("runs-exit-handlers", .status(3), "used\nhandler\n"),
    ])
    func `the host process is left as it was`(
        _ mode: String, _ exit: ChildProcess.Exit, _ output: String
    ) async throws {
        let program = try await Self.host.value
        for tls in [false, true] {
            let process = try await onThread {
                let server = try RedisServer(.init(tls: tls))
                let process = try ChildProcess(program, [mode, server.url])
                try process.waitForExit(timeout: .seconds(60))
                return process
            }
            #expect(process.exit == exit && process.output == output, "TLS: \(tls) \(process.errorOutput)")
        }
    }

    @Test(arguments: [false, true]) func `a server that dies does not take the host along`(_ tls: Bool) async throws {
        let program = try await Self.host.value
        let process = try await onThread {
            let server = try RedisServer(.init(tls: tls))
            let process = try ChildProcess(program, ["survives-loss", server.url, "\(server.process.pid)"])
            try process.waitForExit(timeout: .seconds(60))
            return process
        }
        #expect(process.output.hasPrefix("lost ") && process.output.hasSuffix("\nused\n"), "\(process.output)")
        #expect(process.exit == .signal(SIGPIPE), "by its own pipe")
    }
}
