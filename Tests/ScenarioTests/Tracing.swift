import Foundation
import TestSupport
import TestThreads
import Testing

/// Spans of the real bridge, read by OpenTelemetry's own messages.
@Suite(.serialized, .ownThreads) struct Tracing {
    private let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func scene(
        _ collector: Collector, _ keys: String = "", script: @escaping ScriptedReceiver.Script = { _ in .answer(200) }
    ) throws -> Scene {
        let scene = try Scene(script: script)
        scene.file.tracing = "{ otlp: \"\(collector.url)\"\(keys) }"
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        return scene
    }

    @Test func `each attempt is a span, and its request says which`() throws {
        let collector = try Collector()
        let scene = try scene(collector, ", service_name: shop, headers: { X-Key: hunter2 }") {
            $0.earlier == 0 && $0.text.contains("\"1\"") ? .answer(503) : .answer(200)
        }
        scene.file.route.url += "/hunter2?token=hunter2"
        // The span takes its place.
        scene.file.route.webhook["traceparent"] = "create"
        let before = Int64(Date().timeIntervalSince1970 * 1000) * 1_000_000
        let ids = [
            try scene.redis.add([Field("n", "1")]),
            try scene.redis.add([Field("n", "2"), Field("traceparent", parent)]),
        ]
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        let spans = try collector.waitFor(3)
        let after = Int64(Date().timeIntervalSince1970 * 1000 + 1) * 1_000_000

        #expect(spans.count == 3)
        let sent = scene.receiver.ledger
        #expect(sent.allSatisfy { $0.headers.count { $0.name.lowercased() == "traceparent" } == 1 })
        #expect(Set(spans.map(\.traceParent)) == Set(sent.compactMap { $0["traceparent"] }))
        #expect(spans.allSatisfy { before <= $0.start && $0.start <= $0.end && $0.end <= after })
        let constant = [
            "messaging.system": "redis", "messaging.destination.name": "orders", "http.request.method": "POST",
            "url.full": "http://127.0.0.1:\(scene.receiver.port)/…", "server.address": "127.0.0.1",
            "server.port": "\(scene.receiver.port)", "messaging.consumer.group.name": "orders",
            "footbridge.route": "orders", "footbridge.stream": "orders",
        ]
        #expect(spans.allSatisfy { span in constant.allSatisfy { span[$0.key] == $0.value } })
        #expect(spans.allSatisfy { $0.name == "POST orders" && $0.kind == 3 })
        #expect(spans.allSatisfy { $0.resource["service.name"] == "shop" })
        #expect(spans.allSatisfy { $0.resource["service.instance.id"] == "a.1" })

        let own = spans.filter { $0["messaging.message.id"] == ids[0] }
        #expect(own.count == 2 && Set(own.map(\.trace)).count == 1 && Set(own.map(\.id)).count == 2)
        #expect(own.allSatisfy { $0.parent.isEmpty && $0.flags == 0x101 })
        let failed = try #require(own.first { $0["footbridge.attempt"] == "1" })
        #expect(failed["http.response.status_code"] == "503" && failed["error.type"] == "503" && failed.status == 2)
        #expect(failed["footbridge.outcome"] == "outage" && failed.message == "the receiver failed (503)")
        let second = try #require(own.first { $0["footbridge.attempt"] == "2" })
        #expect(second["http.response.status_code"] == "200" && second["error.type"] == nil && second.status == 0)
        #expect(second["footbridge.outcome"] == "delivered" && second["http.request.resend_count"] == "1")
        #expect(second.start >= failed.end)

        let child = try #require(spans.first { $0["messaging.message.id"] == ids[1] })
        #expect(child.trace == "4bf92f3577b34da6a3ce929d0e0e4736" && child.parent == "00f067aa0ba902b7")
        #expect(child.id != child.parent && child.flags == 0x301)

        #expect(collector.receiver.ledger.allSatisfy { $0.path == "/v1/traces" && $0["x-key"] == "hunter2" })
        #expect(collector.receiver.ledger.allSatisfy { !$0.text.contains("hunter2") })
        try eventually("the spans are counted") {
            try AdminProbe(bridge).metrics()["footbridge_spans_exported_total"] == 3
        }
        #expect(try AdminProbe(bridge).metrics()["footbridge_spans_dropped_total"] == 0)
    }

    @Test func `whoever began a trace says whether it is recorded, and otherwise the share decides`() throws {
        let collector = try Collector()
        let scene = try scene(collector, ", sample: 25%") { $0.earlier == 0 ? .answer(503) : .answer(200) }
        try scene.redis.add([Field("traceparent", String(parent.dropLast()) + "0")])
        try scene.redis.add([Field("traceparent", parent)])
        // What is no traceparent counts as none.
        for bad in ["", parent.uppercased(), parent + "-01", String(parent.dropLast())] {
            try scene.redis.add([Field("traceparent", bad)])
        }
        try scene.redis.add(numbers: 0..<200)
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        #expect(try bridge.stop() == .status(0))
        let headers = scene.receiver.ledger.compactMap { $0["traceparent"] }
        #expect(headers.count == 2 * 206)
        // Both attempts of an entry have one trace, and fare alike in it.
        let traces = Dictionary(grouping: headers) { $0.prefix(35) }
        #expect(traces.count == 204 + 1)
        #expect(traces.values.allSatisfy { Set($0.map { $0.suffix(2) }).count == ($0.count == 4 ? 2 : 1) })
        let spans = try collector.spans()
        #expect(Set(spans.map(\.traceParent)) == Set(headers.filter { $0.hasSuffix("-01") }))
        #expect(spans.filter { $0.parent == "00f067aa0ba902b7" }.count == 2)
        // A quarter of 204, give or take.
        #expect((20...85).contains(Set(spans.map(\.trace)).count))
    }

    @Test func `a request of several entries has links to their traces`() throws {
        let collector = try Collector()
        let scene = try scene(collector)
        scene.file.route.webhook["batch"] = "{ max_entries: 10, max_wait: 300ms }"
        let id = try scene.redis.add([Field("traceparent", parent)])
        let others = try scene.redis.add(numbers: 0..<9)
        try scene.run()
        try scene.waitUntilSettled()
        let spans = try collector.waitFor(1)
        #expect(spans.count == 1 && spans[0]["messaging.batch.message_count"] == "10")
        #expect(scene.receiver.ledger.map { $0["traceparent"] } == [spans[0].traceParent])
        #expect(spans[0].parent.isEmpty && spans[0]["messaging.message.id"] == nil)
        #expect(
            spans[0].links.first
                == .init(trace: "4bf92f3577b34da6a3ce929d0e0e4736", id: "00f067aa0ba902b7", entry: id))
        #expect(spans[0].links.compactMap(\.entry) == [id] + others)
        #expect(Set(spans[0].links.map(\.trace)).count == 10)
    }

    @Test(arguments: ["publish: { channel: events }", #"append: { stream: 'copies.\(.fields.n)' }"#])
    func `what goes to Redis is a span of a producer`(destination: String) throws {
        let collector = try Collector()
        let scene = try scene(collector)
        scene.file.route.destination = destination
        let id = try scene.redis.add([Field("n", "1"), Field("traceparent", parent)])
        try scene.run()
        try scene.waitUntilSettled()
        let span = try collector.waitFor(1)[0]
        let isPublished = destination.hasPrefix("publish")
        #expect(span.kind == 4 && span.parent == "00f067aa0ba902b7" && span["messaging.message.id"] == id)
        #expect(span.name == (isPublished ? "publish events" : #"append copies.\(.fields.n)"#))
        #expect(span["messaging.destination.name"] == (isPublished ? "events" : nil))
        #expect(span["messaging.destination.template"] == (isPublished ? nil : #"copies.\(.fields.n)"#))
        #expect(span["footbridge.stream"] == "orders" && span["messaging.operation.type"] == "send")
        #expect(span["server.port"].flatMap { UInt16($0) } == scene.server.port && span["http.request.method"] == nil)
    }

    @Test func `routes whose entries name their endpoints say which it was`() throws {
        let collector = try Collector()
        let scene = try scene(collector)
        scene.file.route.url = #"\(.fields.url)"#
        try scene.redis.add([Field("url", "http://127.0.0.1:\(scene.receiver.port)/a/hunter2")])
        try scene.run()
        try scene.waitUntilSettled()
        let span = try collector.waitFor(1)[0]
        #expect(span["url.full"] == "http://127.0.0.1:\(scene.receiver.port)" && span["server.address"] == "127.0.0.1")
        #expect(span["server.port"] == "\(scene.receiver.port)")
    }

    @Test func `a delivery that waits for permission keeps its span`() throws {
        let collector = try Collector()
        let scene = try scene(collector) { request in
            request.method == "OPTIONS" ? .answer(200, headers: ["WebHook-Allowed-Origin": "*"]) : .answer(200)
        }
        scene.file.route.webhook["cloudevents"] = "{ handshake: events.example.com }"
        try scene.redis.add(numbers: 0..<3)
        try scene.run()
        try scene.waitUntilSettled()
        let spans = try collector.waitFor(3)
        let posts = scene.receiver.ledger.filter { $0.method == "POST" }
        #expect(posts.count == 3 && Set(spans.map(\.traceParent)) == Set(posts.compactMap { $0["traceparent"] }))
        #expect(scene.receiver.ledger.allSatisfy { ($0["traceparent"] == nil) == ($0.method == "OPTIONS") })
    }

    @Test func `a collector that comes back gets what waited, and people are told once`() throws {
        let isBack = Monitor(false)
        let collector = try Collector { _ in isBack.value ? .answer(200) : .answer(503) }
        let scene = try scene(collector)
        try scene.redis.add(numbers: 0..<50)
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        try collector.receiver.waitFor(count: 2)
        isBack.withLock { $0 = true }
        #expect(try collector.waitFor(50).count == 50)
        try bridge.waitForLog("spans are exported again")
        let trouble = bridge.logs("spans cannot be exported; those that find no room are dropped")
        #expect(trouble.map { $0.metadata["reason"] } == ["the collector answers 503"])
        #expect(bridge.logs("spans are exported again").count == 1)
    }

    @Test(arguments: [
        (ReceiverAction.answer(400), 5.0), (.answer(200, body: #"{"partialSuccess":{"rejectedSpans":"2"}}"#), 2),
    ])
    func `what a collector refuses is dropped, and counted`(action: ReceiverAction, dropped: Double) throws {
        let collector = try Collector { _ in action }
        let scene = try scene(collector)
        try scene.redis.add(numbers: 0..<5)
        let admin = try AdminProbe(scene.run())
        try eventually("the spans are counted") { try admin.metrics()["footbridge_spans_dropped_total"] == dropped }
        #expect(try admin.metrics()["footbridge_spans_exported_total"] == 5 - dropped)
    }

    @Test func `spans that wait are sent before the bridge ends`() throws {
        let collector = try Collector()
        let scene = try scene(collector)
        try scene.redis.add(numbers: 0..<20)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 20)
        #expect(try bridge.stop() == .status(0))
        #expect(collector.count == 20)
    }

    /// 30,000 spans would take 20 MB.
    @Test(arguments: [true, false])
    func `a collector that hangs or is not there costs neither time nor memory`(hangs: Bool) throws {
        let collector = try Collector { _ in .hang }
        let port = collector.receiver.port
        if !hangs { collector.receiver.stop() }
        func run(traced: Bool) throws -> (Duration, bridge: ChildProcess, Scene) {
            let scene = try Scene()
            if traced { scene.file.tracing = "{ otlp: \"http://127.0.0.1:\(port)\" }" }
            scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
            let bridge = try scene.run()
            let start = ContinuousClock.now
            for first in stride(from: 0, to: 30_000, by: 1000) { try scene.redis.add(numbers: first..<(first + 1000)) }
            try scene.waitUntilSettled(timeout: .seconds(120))
            return (.now - start, bridge, scene)
        }
        let (plain, other, _) = try run(traced: false)
        let untraced = try #require(try AdminProbe(other).metrics()["process_resident_memory_bytes"])
        try other.stop()
        let (time, bridge, scene) = try run(traced: true)
        let metrics = try AdminProbe(bridge).metrics()
        let memory = try #require(metrics["process_resident_memory_bytes"])
        #expect(scene.receiver.ledger.count == 30_000)
        // What it takes to write them down; the machine may be busy.
        #expect(time < plain * 2 + .seconds(5), "\(time), and \(plain) without")
        #expect(memory - untraced < 16e6, "\(memory), and \(untraced) without")
        #expect((metrics["footbridge_spans_dropped_total"] ?? 0) > 20_000)
        #expect(metrics["footbridge_spans_exported_total"] == 0)
        let (exit, ending) = try timed { try bridge.stop() }
        #expect(exit == .status(0) && ending < .seconds(6))
    }
}
