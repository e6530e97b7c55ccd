import Glibc
import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

@Suite(.onEveryPoller, .timeLimit(.minutes(1))) struct ConnectingTests {
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

    @Test(arguments: [
        (EACCES, "permission denied: this user has no right to the unix socket /r.sock, or to its directory", true),
        (EPERM, "permission denied: this user has no right to the unix socket /r.sock, or to its directory", true),
        (ENOENT, "there is no unix socket /r.sock", false),
        (ECONNREFUSED, "nobody listens on the unix socket /r.sock", false),
    ])
    func `why a unix socket is of no use`(code: Int32, words: String, isDenied: Bool) {
        let failure = TransportFailure(kind: .refused, message: TransportFailure.unixSocket("/r.sock", errno: code))
        #expect(failure.message == words)
        #expect(failure.isPermissionDenied == isDenied)
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

    @Test func `hundreds of connections to a hanging server do not hold up one to another`() async throws {
        let listener = try FullListener()
        let server = try StreamServer { try $0.expectEnd() }
        let (waited, told) = try await onLoop { actor in
            var hanging = SocketTarget.local(listener.port)
            hanging.connectTimeout = .seconds(40)
            var told = 0
            let attempts = (0..<200).map { _ in CurlSocket.connect(hanging, on: actor.loop) { _ in told += 1 } }
            let start = MonotonicTime.now
            _ = try await connected(.local(server.port), on: actor.loop)
            let waited = MonotonicTime.now - start
            for attempt in attempts { attempt.cancel() }
            return (waited, told)
        }
        #expect(waited < .seconds(15))
        #expect(told == 0)
        #expect(try await server.failures() == [])
    }

    @Test func `a connection that was given up is closed, and nobody is told`() async throws {
        let server = try StreamServer { try $0.expectEnd() }
        let told = try await onLoop { actor in
            var told = 0
            let early = CurlSocket.connect(.local(server.port), on: actor.loop) { _ in told += 1 }
            early.cancel()
            let late = CurlSocket.connect(.local(server.port), on: actor.loop) { _ in told += 1 }
            try await turns(of: actor.loop) {
                // It stands, and the loop may have been told already, or be about to be.
                guard server.connections > 0 else { return false }
                late.cancel()
                return true
            }
            try await turns(of: actor.loop, for: .milliseconds(50))
            return told
        }
        #expect(told <= 1)
        #expect(try await server.failures() == [])
    }

    @Test func `what is given up before its result came is not told of it`() async throws {
        let port = try RefusingPort()
        let told = try await onLoop { actor in
            var told = 0
            for _ in 0..<100 {
                CurlSocket.connect(.local(port.number), on: actor.loop) { _ in told += 1 }.cancel()
            }
            _ = try? await connected(.local(port.number), on: actor.loop)
            return told
        }
        #expect(told == 0)
    }

    @Test func `a loop that ends tells whoever waits for a connection`() async throws {
        let listener = try FullListener()
        let failure = Monitor<TransportFailure?>(nil)
        try await onLoop { actor in
            _ = CurlSocket.connect(.local(listener.port), on: actor.loop) { result in
                guard case .failure(let told) = result else { return }
                failure.withLock { $0 = told }
            }
        }
        #expect(failure.value == TransportFailure(kind: .cancelled, message: "the loop has ended"))
    }

    @Test func `a loop that has ended refuses to connect`() async throws {
        let loop = try CurlLoop(name: "test")
        await loop.stop()
        let failure = Monitor<TransportFailure.Kind?>(nil)
        CurlSocket.connect(.local(1), on: loop) { result in
            guard case .failure(let told) = result else { return }
            failure.withLock { $0 = told.kind }
        }
        #expect(failure.value == .cancelled)
    }

    @Test func `a loop that has ended goes away, whatever its timers held`() async throws {
        weak let held = try await onLoop { actor in
            let loop = actor.loop
            loop.schedule(after: .seconds(60)) { loop.schedule(after: .zero) {} }
            return loop
        }
        // Its thread lets go last.
        try eventually("the loop is gone") { held == nil }
    }

    @Test func `many that look up one name all get through`() async throws {
        let server = try StreamServer { $0.waitForEnd() }
        let kinds = try await onLoop { actor in
            try await callback { (done: @escaping ([Bool]) -> Void) in
                var results: [Bool] = []
                for _ in 0..<40 {
                    let target = SocketTarget(address: .tcp(host: "localhost", port: server.port))
                    CurlSocket.connect(target, on: actor.loop) { result in
                        results.append((try? result.get()) != nil)
                        if results.count == 40 { done(results) }
                    }
                }
            }
        }
        #expect(kinds == Array(repeating: true, count: 40))
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
