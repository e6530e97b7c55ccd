import RedisStreams
import TestSupport
import Testing

/// At the exit of a process OpenSSL takes its tables away, while the client's threads are in the middle of their work.
struct ExitTests {
    @Test func `a process may exit while connections with TLS are used and made`() async throws {
        let server = try await onThread { try RedisServer(.init(tls: true)) }
        let authority = try #require(server.certificates).authority
        let url = server.url.contains("?") ? server.url : "\(server.url)?ca=\(authority)"
        // Without our handler about every fourth of them crashes or hangs.
        for run in 0..<30 {
            let status = try await onThread {
                try ChildProcess(ChildProcess.builtBinary("WorkerPeer"), ["exit", url, "\(20 + run * 7 % 60)"])
                    .waitForExit()
            }
            #expect(status == .status(0), "run \(run)")
        }
    }
}
