import FootbridgeCurl
import FootbridgeRedis
import FootbridgeWebhooks
import Logging
import LoopTestSupport
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

/// What is sent to append entries, and what the answers mean; the scripts themselves: `AppendScriptTests`.
@Suite(.timeLimit(.minutes(1))) struct StreamSinkTests {
    /// A sink with the reports of its deliveries, as they come.
    private final class Bench {
        let sink: StreamSink
        let counters = RouteCounters()
        var reports: [DeliveryReport] = []

        init(_ server: RedisLane.Server, _ loop: CurlLoop, _ append: AppendConfig) throws {
            let source = StreamSink.Source(
                streams: ["s"], group: "g", consumer: "a.1", namespace: nil, mark: { _ in "mark" })
            sink = try StreamSink(
                append, from: source, shaper: nil, lane: RedisLane(server, loop: loop, concurrency: 2),
                counters: counters, loop: loop)
            sink.onFinish = { [unowned self] in reports.append($1) }
        }

        func start(_ number: UInt64) throws {
            #expect(
                try sink.start(
                    Delivery(
                        row: try anyRow(), key: EntryKey(stream: 0, id: EntryID(milliseconds: number)),
                        fields: ["n": "\(number)"], attempt: 1)) == nil)
        }
    }

    private static let append = AppendConfig(stream: TargetName("t"))

    private static func name(_ number: UInt64) throws -> String {
        var name: [UInt8] = []
        try MessageID(stream: "s".utf8).append(milliseconds: number, sequence: 0, to: &name)
        return String(decoding: name, as: UTF8.self) + " mark"
    }

    /// The connection of a link, once it stands.
    private static func link(_ loop: CurlLoop, _ server: StreamServer) -> RedisLink {
        RedisLink(
            loop: loop,
            target: RedisTarget(
                socket: SocketTarget(address: .tcp(host: "127.0.0.1", port: server.port)), handshake: RedisHandshake()))
    }

    @Test func `a script is sent whole until its hash is known, and once more when it was forgotten`() async throws {
        let script = AppendScript.acknowledging(Self.append)
        @Sendable func call(_ number: Int) -> [String] {
            ["2", "s", "t", "g", "\(number)-0", "a.1", "0", "2", "n", "\(number)"]
        }
        @Sendable func whole(_ number: Int) -> String { words(["EVAL", script] + call(number)) }
        @Sendable func short(_ number: Int) -> String { words(["EVALSHA", "hash"] + call(number)) }
        let server = try StreamServer { server in
            guard server.number == 0 else { return }
            try server.greet()
            try server.expect(words(["SCRIPT", "LOAD", script]) + whole(1))
            try server.send("$4\r\nhash\r\n:1\r\n")
            try server.expect(short(2))
            try server.send("-NOSCRIPT No matching script. Please use EVAL.\r\n")
            try server.expect(whole(2))
            try server.send(":0\r\n")
            try server.expect(short(3))
            try server.send("-WRONGTYPE Operation against a key\r\n")
            try server.expect(short(4))
        }
        try await onLoop { actor in
            let link = Self.link(actor.loop, server)
            let bench = try Bench(.own { link.connection }, actor.loop, Self.append)
            #expect(bench.sink.free == 0)
            link.start()
            for number in UInt64(1)...4 {
                try await turns(of: actor.loop) { bench.sink.free == 2 }
                try bench.start(number)
                #expect(bench.sink.free == 1)
                try await turns(of: actor.loop) { bench.reports.count == Int(number) }
            }
            #expect(bench.reports.map(\.settlement) == [.acknowledged, .undecided, .open, .maybeAcknowledged])
            #expect(bench.reports[0].outcome == .delivered(status: nil))
            #expect(bench.reports[2].outcome.reason == "redis_wrongtype")
            #expect(bench.sink.didSettle == nil)
            link.stop()
        }
        #expect(try await server.failures() == [])
    }

    @Test func `what another server remembers is forgotten with the next entry, or alone`() async throws {
        let script = AppendScript.remembering(Self.append)
        let memory = "{t}:footbridge:appended"
        let names = try (UInt64(1)...2).map(Self.name)
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(
                words(["SCRIPT", "LOAD", script])
                    + words(["EVAL", script, "2", "t", memory, names[0], "1", "0", "2", "n", "1"]))
            try server.send("$4\r\nhash\r\n:1\r\n")
            let call = ["EVALSHA", "hash", "2", "t", memory, names[1], "0", "1", names[0], "2", "n", "2"]
            try server.expect(words(call))
            try server.send(":0\r\n")
            try server.expect(words(["ZREM", memory, names[1]]))
            try server.send(":1\r\n")
            try server.expectEnd()
        }
        try await onLoop { actor in
            let url = RedisURL(endpoint: .tcp(host: "127.0.0.1", port: server.port))
            let other = OtherRedis(
                .url(url), target: RedisTarget(url), loop: actor.loop,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            var append = Self.append
            append.redis = .url(url)
            let bench = try Bench(.other(other), actor.loop, append)
            var opened = 0
            bench.sink.onOpen = { opened += 1 }
            // It shows in a moment whether it is there: until then nothing starts, and nothing fails.
            #expect(bench.sink.free == 0)
            other.start()
            try await turns(of: actor.loop) { opened == 1 }
            for number in UInt64(1)...2 {
                try bench.start(number)
                try await turns(of: actor.loop) { bench.reports.count == Int(number) }
                bench.sink.didSettle?(EntryKey(stream: 0, id: EntryID(milliseconds: number)))
            }
            #expect(bench.reports.map(\.settlement) == [.open, .open])
            #expect(bench.reports.allSatisfy { $0.outcome == .delivered(status: nil) })
            #expect(bench.counters.appendRepeats == 1)
            try await turns(of: actor.loop, for: .milliseconds(1200))
            other.stop()
        }
        #expect(try await server.failures() == [])
    }

    @Test func `another server that is away is an outage, and what was under way is not told when it is dropped`()
        async throws
    {
        let server = try StreamServer { try $0.expectEnd() }
        let port = server.port
        server.stop()
        try await onLoop { actor in
            let url = RedisURL(endpoint: .tcp(host: "127.0.0.1", port: port))
            let other = OtherRedis(
                .url(url), target: RedisTarget(url), loop: actor.loop,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let bench = try Bench(.other(other), actor.loop, Self.append)
            other.start()
            try await turns(of: actor.loop) { bench.sink.free == 2 }
            try bench.start(1)
            #expect(bench.reports.isEmpty)
            try await turns(of: actor.loop) { bench.reports.count == 1 }
            #expect(bench.reports[0].outcome == .outage(.refused) && bench.reports[0].settlement == .open)
            try bench.start(2)
            bench.sink.cancelAll()
            try await turns(of: actor.loop, for: .milliseconds(20))
            #expect(bench.reports.count == 1)
            other.stop()
        }
    }
}

/// A command as it is sent.
private func words(_ words: [String]) -> String {
    words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
}
