import FootbridgeCurl
import FootbridgeWebhooks
import LoopTestSupport
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

/// Deliveries to a receiver that is asked for its permission first.
@Suite(.timeLimit(.minutes(1))) struct HandshakeSinkTests {
    private final class Bench {
        let sink: HandshakeSink
        let endpoint = Endpoint(name: "e")
        var reports: [DeliveryReport] = []
        var rates: [Double?] = []
        private var table = EntryTable(streams: 1)

        init(_ receiver: ScriptedReceiver, _ loop: CurlLoop) throws {
            let webhook = WebhookConfig(
                url: receiver.url, connection: ConnectionOptions(),
                cloudEvents: CloudEventsConfig(handshake: "events.example.com"))
            let route = RouteConfig(name: "r", streams: ["s"], group: "g", destination: .webhook(webhook))
            sink = try HandshakeSink(webhook, of: route, origin: "events.example.com", namespace: nil, loop: loop)
            sink.onFinish = { [unowned self] in reports.append($1) }
            sink.onRate = { [unowned self] in
                rates.append($0)
                endpoint.allow(perSecond: $0)
            }
        }

        func start(_ number: UInt64) throws {
            let key = EntryKey(stream: 0, id: EntryID(milliseconds: number))
            let row = table.queue(key, ["n": "\(number)"])
            let delivery = Delivery(row: try #require(row), key: key, fields: ["n": "\(number)"], attempt: 1)
            #expect(try sink.start(delivery) == nil)
        }
    }

    /// A repeat starts whatever `free` says, and several requests may be refused while the receiver is asked again.
    @Test(arguments: [200, 405]) func `what starts while the receiver is asked waits for the same answer`(status: Int)
        async throws
    {
        let receiver = try ScriptedReceiver { request in
            request.method == "OPTIONS"
                ? .answer(status, headers: ["WebHook-Allowed-Origin": "*"]) : .answer(200)
        }
        let outcomes = try await onLoop { actor in
            let bench = try Bench(receiver, actor.loop)
            for number in 1...3 as ClosedRange<UInt64> { try bench.start(number) }
            #expect(bench.sink.free == 0)
            try await turns(of: actor.loop) { bench.reports.count == 3 }
            return bench.reports.map(\.outcome)
        }
        let refused = Outcome.routeRefused(.noPermission("the handshake is answered 405"))
        #expect(outcomes == Array(repeating: status == 200 ? .delivered(status: 200) : refused, count: 3))
        #expect(
            receiver.ledger.map(\.method) == ["OPTIONS"] + Array(repeating: "POST", count: status == 200 ? 3 : 0))
    }

    /// HTTP 1.1 Web Hooks for Event Delivery 1.0.2 §4.2.2: a positive integer, or an asterisk.
    @Test(
        arguments: [
            ("120", 2), ("0", 1.0 / 60), ("-5", 1.0 / 60), ("1e21", 1_000_000), ("1e30", 1_000_000), ("*", nil),
            ("inf", nil), ("1e999", nil), ("nan", nil), ("many", nil),
        ] as [(String, Double?)])
    func `a rate that a receiver allows is one that can be kept, whatever it writes`(text: String, expected: Double?)
        async throws
    {
        let receiver = try ScriptedReceiver { request in
            request.method == "OPTIONS"
                ? .answer(200, headers: ["WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": text]) : .answer(200)
        }
        try await onLoop { actor in
            let bench = try Bench(receiver, actor.loop)
            try bench.start(1)
            try await turns(of: actor.loop) { bench.reports.count == 1 }
            #expect(bench.rates == [expected])
            #expect(bench.endpoint.allowance(now: actor.loop.now) > 0)
        }
    }
}
