import FootbridgeCurl
import FootbridgeWebhooks
import LoopTestSupport
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

/// Batches that wait, for a token or for permission, are made once more when it comes.
@Suite(.timeLimit(.minutes(1))) struct WaitingBatchTests {
    enum Wait: CaseIterable { case token, permission }

    private final class Bench {
        let sink: any BatchSink
        var reports: [DeliveryReport] = []
        private let shaper: Shaper
        private var table = EntryTable(streams: 1)

        /// - Parameter growth: when the bodies become so large that a batch holds but one; milliseconds since 1970.
        init(_ wait: Wait, _ receiver: ScriptedReceiver, _ loop: CurlLoop, growth: Int64) throws {
            var webhook = WebhookConfig(
                url: receiver.url, body: .jq(#"[.fields.n] + if now * 1000 < \#(growth) then [] else ["x" * 600] end"#),
                batch: BatchConfig(maximumBytes: 1024), connection: ConnectionOptions())
            let config = OAuth2Config(
                tokenURL: "http://127.0.0.1:\(receiver.port)/wait", clientID: "a", clientSecret: "b")
            if wait == .token { webhook.auth = .oauth2(config) }
            let route = RouteConfig(name: "r", streams: ["s"], group: "g", destination: .webhook(webhook))
            let made = try Shaper.make(for: route)
            let shaper = try #require(made)
            self.shaper = shaper
            sink =
                switch wait {
                case .token: try OAuth2Sink(webhook, of: route, config, namespace: nil, shaper: shaper, loop: loop)
                case .permission:
                    try HandshakeSink(webhook, of: route, origin: "o", namespace: nil, shaper: shaper, loop: loop)
                }
            sink.onFinish = { [unowned self] in reports.append($1) }
        }

        /// Whether the entry fits.
        func add(_ number: UInt64) throws -> Bool {
            let key = EntryKey(stream: 0, id: EntryID(milliseconds: number))
            let row = table.queue(key, ["n": "\(number)"]) ?? table.row(of: key)
            let delivery = Delivery(row: try #require(row), key: key, fields: ["n": "\(number)"], attempt: 1)
            try shaper.begin(delivery)
            defer { shaper.end() }
            return try sink.add(delivery)
        }
    }

    /// What does not fit any more is in no request, and must not count as delivered with the rest.
    @Test(arguments: Wait.allCases) func `a batch that has grown while it waited does not go in part`(wait: Wait)
        async throws
    {
        let growth = Monitor(Int64.max)
        let receiver = try ScriptedReceiver { request in
            guard request.method == "OPTIONS" || request.path == "/wait" else { return .answer(200) }
            while WallClock.milliseconds <= growth.value { letPass(.milliseconds(1)) }
            return .answer(
                200, headers: ["WebHook-Allowed-Origin": "*"], body: #"{"access_token":"t","expires_in":3600}"#)
        }
        try await onLoop { actor in
            var bench: Bench
            var patience: Int64 = 100
            repeat {
                let end = WallClock.milliseconds + patience
                bench = try Bench(wait, receiver, actor.loop, growth: end)
                growth.withLock { $0 = end }
                for number in 1...2 as ClosedRange<UInt64> { _ = try bench.add(number) }
                // A busy machine may need longer for these.
                patience *= 2
            } while WallClock.milliseconds >= growth.value
            #expect(try bench.sink.send() == nil)
            try await turns(of: actor.loop) { bench.reports.count == 1 }
            guard case .ownLack = bench.reports[0].outcome else {
                return #expect(Bool(false), "\(bench.reports[0].outcome)")
            }
            #expect(receiver.ledger.count == 1)
            // It is made anew, of as many as fit now, and need not wait any more.
            #expect(try bench.add(1))
            #expect(try bench.add(2) == false)
            #expect(try bench.sink.send() == nil)
            try await turns(of: actor.loop) { bench.reports.count == 2 }
            #expect(bench.reports[1].outcome == .delivered(status: 200))
            #expect(receiver.ledger.count == 2)
        }
    }
}
