import FootbridgeCurl
import FootbridgeRedis
import FootbridgeWebhooks
import Logging
import LoopTestSupport
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

@Suite(.timeLimit(.minutes(1))) struct ChannelSinkTests {
    @Test func `messages, receivers, refusals, and a connection that breaks`() async throws {
        let server = try StreamServer { server in
            // The next one may be given up before it is greeted.
            guard server.number == 0 else { return }
            try server.greet()
            try server.expect(command("SPUBLISH", "c", "7") + command("SPUBLISH", "c", "8"))
            try server.send(":3\r\n:0\r\n")
            try server.expect(command("SPUBLISH", "c", "9"))
            try server.send("-NOPERM this user has no permissions\r\n")
            try server.expect(command("SPUBLISH", "c", "10"))
        }
        try await onLoop { actor in
            let link = RedisLink(
                loop: actor.loop,
                target: RedisTarget(
                    socket: SocketTarget(address: .tcp(host: "127.0.0.1", port: server.port)),
                    handshake: RedisHandshake()))
            let counters = RouteCounters()
            let publish = PublishConfig(channel: TargetName("c"), shard: true, body: .field("n"))
            let sink = ChannelSink(
                publish, body: BodyWriter(publish.body, streams: ["s"], shaper: nil), shaper: nil,
                lane: RedisLane(.own { link.connection }, loop: actor.loop, concurrency: 2),
                audience: Audience(
                    publish.channel, counters: counters, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                ))
            var reports: [DeliveryReport] = []
            sink.onFinish = { reports.append($1) }
            func start(_ number: Int, field: String = "n") throws(UnmakeableRequest) {
                guard let row = try? anyRow() else { return }
                let key = EntryKey(stream: 0, id: EntryID(milliseconds: 1))
                let fields = EntryFields([(name: Array(field.utf8)[...], value: Array("\(number)".utf8)[...])])
                _ = try sink.start(Delivery(row: row, key: key, fields: fields, attempt: 1))
            }
            link.start()
            try await turns(of: actor.loop) { sink.free == 2 }
            #expect(throws: UnmakeableRequest.self) { try start(0, field: "other") }
            try start(7)
            try start(8)
            #expect(sink.free == 0)
            try await turns(of: actor.loop) { reports.count == 2 }
            #expect(reports.allSatisfy { $0.outcome == .delivered(status: nil) && $0.settlement == .open })
            #expect(counters.receivers == 3 && counters.unheard == 1)
            try start(9)
            try await turns(of: actor.loop) { reports.count == 3 }
            #expect(reports[2].outcome.reason == "redis_noperm" && reports[2].settlement == .open)
            try start(10)
            try await turns(of: actor.loop) { reports.count == 4 }
            // Nobody is to blame, and nothing was acknowledged.
            #expect(reports[3].settlement == .undecided)
            link.stop()
        }
        let failures = try await server.failures()
        #expect(failures == [])
    }
}
