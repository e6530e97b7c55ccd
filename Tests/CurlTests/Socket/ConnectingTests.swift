import Glibc
import LoopTestSupport
import TestSupport
import Testing

@testable import Curl

@Suite(.timeLimit(.minutes(1))) struct ConnectingTests {
    private func failure(_ target: SocketTarget) async throws -> TransportFailure.Kind? {
        try await onLoop { actor in
            do {
                _ = try await connected(target, on: actor.loop)
                return nil
            } catch let failure as TransportFailure {
                return failure.kind
            }
        }
    }

    @Test func `nobody listens at the port or the path`() async throws {
        let port = try RefusingPort()
        #expect(try await failure(.local(port.number)) == .refused)
        #expect(try await failure(SocketTarget(address: .unix(path: "/nonexistent/redis.sock"))) == .refused)
    }

    @Test func `a path that is too long for a unix socket is a failure`() async throws {
        let path = "/tmp/" + String(repeating: "x", count: 200)
        #expect(try await failure(SocketTarget(address: .unix(path: path))) != nil)
    }

    @Test func `IPv6 addresses stand in no brackets`() async throws {
        #expect(try await failure(SocketTarget(address: .tcp(host: "::1", port: freePort()))) == .refused)
    }

    /// In a process of its own: the environment is everybody's.
    @Test func `a proxy in the environment is not asked`() async throws {
        await #expect(processExitsWith: .success) {
            let proxy = try StreamServer { $0.waitForEnd() }
            let server = try StreamServer { try $0.expectEnd() }
            for name in ["http_proxy", "all_proxy", "ALL_PROXY"] { setenv(name, "http://127.0.0.1:\(proxy.port)", 1) }
            try await onLoop { actor in _ = try await connected(.local(server.port), on: actor.loop) }
            #expect(try await server.failures() == [])
            #expect(proxy.connections == 0)
        }
    }

    @Test func `the loop goes on while a connection hangs, and the connection times out`() async throws {
        let listener = try FullListener()
        var target = SocketTarget.local(listener.port)
        target.connectTimeout = .seconds(3)
        let (kind, ticks, longest) = try await onLoop { [target] actor in
            var ticks = 0
            var longest = Duration.zero
            var last = MonotonicTime.now
            var isOver = false
            func tick() {
                let now = MonotonicTime.now
                longest = max(longest, now - last)
                last = now
                ticks += 1
                if !isOver { actor.loop.schedule(after: .milliseconds(1), tick) }
            }
            tick()
            var kind: TransportFailure.Kind?
            do { _ = try await connected(target, on: actor.loop) } catch { kind = (error as? TransportFailure)?.kind }
            isOver = true
            return (kind, ticks, longest)
        }
        #expect(kind == .timedOut)
        #expect(ticks > 50)
        #expect(longest < .milliseconds(2500))
    }

    @Test func `a hanging server does not hold up the connection to another`() async throws {
        let listener = try FullListener()
        let server = try StreamServer { try $0.expectEnd() }
        let waited = try await onLoop { actor in
            var hanging = SocketTarget.local(listener.port)
            hanging.connectTimeout = .seconds(20)
            for _ in 0..<4 { CurlSocket.connect(hanging, on: actor.loop) { _ in } }
            let start = MonotonicTime.now
            _ = try await connected(.local(server.port), on: actor.loop)
            return MonotonicTime.now - start
        }
        #expect(waited < .seconds(15))
        #expect(try await server.failures() == [])
    }

    @Test func `a connection that nobody waits for any more is closed`() async throws {
        let server = try StreamServer { try $0.expectEnd() }
        try await onLoop { actor in
            let _: Bool = try await callback { done in
                CurlSocket.connect(.local(server.port), on: actor.loop) { _ in done(true) }
            }
        }
        #expect(try await server.failures() == [])
    }
}
