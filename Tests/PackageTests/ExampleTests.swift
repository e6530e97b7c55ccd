import Foundation
import TestSupport
import Testing

/// The two programs of `docs/examples`, built and run as whoever copies them does.
@Suite(.timeLimit(.minutes(10))) struct ExampleTests {
    private static let programs = Task {
        let outside = try await Outside.shared.value
        return try await onThread {
            try ["producer", "worker"].map { try outside.build(try outside.take("docs/examples/\($0)"), $0) }
        }
    }

    @Test func `the worker handles what the producer adds`() async throws {
        let programs = try await Self.programs.value
        try await onThread {
            let server = try RedisServer()
            let worker = try ChildProcess(programs[1], [server.url])
            let producer = try ChildProcess(programs[0], [server.url])
            #expect(try producer.waitForExit() == .status(0), "\(producer.errorOutput)")
            #expect(producer.output.split(separator: "\n").count == 10)
            let probe = try server.probe()
            try eventually("all are read and acknowledged") {
                let group = try probe.command("XINFO", "GROUPS", "orders").elements.first
                return group?["entries-read"] == 10 && group?["pending"] == 0
            }
            worker.signal(SIGTERM)
            #expect(try worker.waitForExit() == .status(0), "\(worker.errorOutput)")
            let lines = (1...10).map { "order \($0) of c-\($0 % 3): tea, cups" }
            #expect(worker.output.split(separator: "\n").map(String.init) == lines)
        }
    }
}
