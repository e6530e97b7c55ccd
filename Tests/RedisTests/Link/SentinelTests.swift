import Curl
import LoopTestSupport
import RESP
import TestSupport
import Testing

@testable import Redis

/// Dialogues as <https://redis.io/docs/latest/develop/reference/sentinel-clients/> describes them.
@Suite(.timeLimit(.minutes(1))) struct SentinelTests {
    private static let question = command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")

    private static func bulk(_ words: String...) -> String {
        "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    private static func sentinel(_ answer: String) throws -> StreamServer {
        try StreamServer { server in
            try server.expect(command("HELLO", "3"))
            try server.send("%1\r\n+proto\r\n:3\r\n")
            try server.expect(question)
            try server.send(answer)
            try server.expectEnd()
        }
    }

    private func target(_ ports: UInt16..., user: String? = nil, password: String? = nil) -> SentinelTarget {
        let nodes = ports.map { SocketTarget(address: .tcp(host: "127.0.0.1", port: $0)) }
        return SentinelTarget(master: "mymaster", nodes: nodes, user: user, password: password)
    }

    private func located(_ target: SentinelTarget) async throws -> Result<SocketTarget.Address, RedisError> {
        try await onLoop { actor in
            let directory = SentinelDirectory(loop: actor.loop, target: target)
            return try await callback { done in directory.locate(done) }
        }
    }

    @Test func `the first Sentinel that knows the master is believed`() async throws {
        let refusing = try RefusingPort()
        let ignorant = try Self.sentinel("*-1\r\n")
        let knowing = try Self.sentinel(Self.bulk("10.0.0.7", "6380"))
        let address = try await located(target(refusing.number, ignorant.port, knowing.port))
        #expect(address == .success(.tcp(host: "10.0.0.7", port: 6380)))
        #expect(try await ignorant.failures() + knowing.failures() == [])
    }

    @Test(arguments: ["*-1\r\n", "*2\r\n$1\r\nh\r\n$5\r\n99999\r\n", "*1\r\n$1\r\nh\r\n", "-ERR no\r\n", "+OK\r\n"])
    func `an answer that is no address is none`(answer: String) async throws {
        let sentinel = try Self.sentinel(answer)
        guard case .failure(.noSentinel(let answers)) = try await located(target(sentinel.port)) else {
            Issue.record("an address out of \(answer)")
            return
        }
        #expect(answers.hasPrefix("127.0.0.1:\(sentinel.port): "))
    }

    @Test func `Sentinels have credentials of their own`() async throws {
        let sentinel = try StreamServer { server in
            try server.expect(command("HELLO", "3", "AUTH", "watcher", "pw"))
            try server.send("%1\r\n+proto\r\n:3\r\n")
            try server.expect(Self.question)
            try server.send(Self.bulk("10.0.0.7", "6380"))
            try server.expectEnd()
        }
        let address = try await located(target(sentinel.port, user: "watcher", password: "pw"))
        #expect(address == .success(.tcp(host: "10.0.0.7", port: 6380)))
        #expect(try await sentinel.failures() == [])
    }

    @Test func `a link connects to what the Sentinel names`() async throws {
        let master = try StreamServer { server in
            try server.greet()
            try server.expectEnd()
        }
        let sentinel = try Self.sentinel(Self.bulk("127.0.0.1", "\(master.port)"))
        let target = target(sentinel.port)
        try await onLoop { actor in
            let link = RedisLink(
                loop: actor.loop,
                target: RedisTarget(
                    socket: SocketTarget(address: .tcp(host: "unused.invalid", port: 1)),
                    handshake: RedisHandshake()),
                directory: SentinelDirectory(loop: actor.loop, target: target))
            let _: Bool = try await callback { done in
                link.onUp = { _ in done(true) }
                link.start()
            }
            link.stop()
        }
        #expect(try await master.failures() == [])
    }

    @Test func `a switch is heard, asked for, and told`() async throws {
        let sentinel = try StreamServer { server in
            try server.expect(command("HELLO", "3"))
            try server.send("%1\r\n+proto\r\n:3\r\n")
            try server.expect(command("SUBSCRIBE", "+switch-master") + Self.question)
            try server.send(">3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n" + Self.bulk("10.0.0.1", "6379"))
            try server.send(">3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$5\r\nother\r\n")
            try server.expect(Self.question)
            try server.send(Self.bulk("10.0.0.2", "6379"))
            try server.expectEnd()
        }
        let target = target(sentinel.port)
        let address = try await onLoop { actor in
            let directory = SentinelDirectory(loop: actor.loop, target: target)
            let watch = SentinelWatch(loop: actor.loop, directory: directory, target: target)
            let address: SocketTarget.Address = try await callback { done in
                watch.onSwitch = done
                watch.start()
            }
            watch.stop()
            return address
        }
        #expect(address == .tcp(host: "10.0.0.2", port: 6379))
        #expect(try await sentinel.failures() == [])
    }
}
