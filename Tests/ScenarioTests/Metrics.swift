import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Metrics {
    private func scene(script: @escaping ScriptedReceiver.Script = { _ in .answer(200) }) throws -> Scene {
        let scene = try Scene(script: script)
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        return scene
    }

    private let owed = "{route=\"orders\",stream=\"orders\",group=\"orders\"}"

    @Test func `metrics, the summary and what the receiver saw agree`() throws {
        // Every tenth entry is refused for good, every seventh of the others fails at first.
        let scene = try scene { request in
            let number = Int(request.text.filter(\.isNumber)) ?? 0
            if number % 10 == 0 { return .answer(400) }
            return number % 7 == 0 && request["webhook-attempt"] == "1" ? .answer(503) : .answer(200)
        }
        try scene.redis.add(numbers: 0..<500)
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.redis.add(numbers: 500..<1000)
        try scene.waitUntilSettled(timeout: .seconds(30))
        try eventually("Redis has confirmed everything") { try admin.metric("entries_dead_lettered_total") == 100 }

        let ledger = scene.receiver.ledger
        let delivered = ledger.acceptedIDs.count
        let failed = ledger.filter { if case .answer(503, _, _) = $0.action { true } else { false } }.count
        #expect(delivered == 900)
        let metrics = try admin.metrics()
        func metric(_ name: String) -> Double? { metrics["footbridge_\(name){route=\"orders\"}"] }
        #expect(metric("entries_read_total") == 1000)
        #expect(metric("entries_delivered_total") == Double(delivered))
        // A refused entry is tried again at once; once more if nobody else had begun meanwhile.
        let refused = ledger.filter { if case .answer(400, _, _) = $0.action { true } else { false } }.count
        #expect((200...300).contains(refused))
        let retried = failed + refused - 100
        #expect(metric("attempts_retried_total") == Double(retried))
        for name in ["requests_in_flight", "entries_queued", "entries_parked"] { #expect(metric(name) == 0) }
        for name in ["trimmed", "taken_over", "resumed", "lost_ownership"] {
            #expect(metric("entries_\(name)_total") == 0)
        }
        #expect(metric("acknowledgements_without_effect_total") == 0)
        #expect(metric("delivery_duration_seconds_count") == Double(delivered))
        #expect(metrics[#"footbridge_delivery_duration_seconds_bucket{route="orders",le="60"}"#] == Double(delivered))
        #expect(try #require(metric("delivery_duration_seconds_sum")) > 0)
        #expect(metrics[#"footbridge_route_gate{route="orders",state="open"}"#] == 1)
        #expect(metrics["footbridge_redis_up"] == 1)
        for name in ["lag_entries", "pending_entries", "oldest_unsettled_age_seconds"] {
            #expect(metrics["footbridge_stream_\(name)\(owed)"] == 0)
        }
        #expect(try #require(metrics["process_resident_memory_bytes"]) > 1_000_000)

        #expect(try bridge.stop() == .status(0))
        let summary = bridge.logs("summary").map(\.metadata)
        #expect(summary.map { $0["delivered"] } == ["\(delivered)"])
        #expect(summary.map { $0["retried"] } == ["\(retried)"])
        #expect(summary.map { $0["dead"] } == ["100"])
    }

    @Test func `what waits and what is held up is told of while it is so`() throws {
        let gate = Gate()
        let scene = try scene { $0.text == body(0) ? .answer(503) : .answerWhenOpen(gate, 200) }
        scene.file.route.keys["concurrency"] = "2"
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.retry(attempts: 5, every: "1h")
        scene.file.route.keys["claim_after"] = "2h"
        try scene.redis.add(numbers: 0..<20)
        let admin = try AdminProbe(try scene.run())
        try scene.receiver.waitFor(count: 3)
        // Eight are read at once: one is parked, two are under way. More are read when there is room for two.
        try eventually("five wait for the two") { try admin.metric("entries_queued") == 5 }
        let metrics = try admin.metrics()
        #expect(try admin.metric("requests_in_flight") == 2)
        #expect(try admin.metric("entries_parked") == 1)
        #expect(metrics["footbridge_stream_pending_entries\(owed)"] == 8)
        #expect(metrics["footbridge_stream_lag_entries\(owed)"] == 12)
        #expect(metrics["footbridge_entries_read_total{route=\"orders\"}"] == 8)
        #expect(try #require(metrics["footbridge_stream_oldest_unsettled_age_seconds\(owed)"]) < 60)
        gate.open()
        try eventually("all but one is settled") { try scene.redis.unsettled() == 1 }
        let later = try admin.metrics()
        #expect(later["footbridge_stream_lag_entries\(owed)"] == 0)
        #expect(try #require(later["footbridge_stream_oldest_unsettled_age_seconds\(owed)"]) > 0)
    }

    @Test func `entries of a dead instance and entries that were trimmed are counted`() throws {
        let isMended = Gate()
        let scene = try scene { _ in isMended.wait(timeout: .zero) ? .answer(200) : .answer(503) }
        scene.file.route.webhook["timeout"] = "300ms"
        scene.file.route.keys["claim_after"] = "1s"
        scene.file.route.retry(attempts: 20, every: "1500ms")
        let first = try scene.run()
        let ids = try scene.redis.add(numbers: 0..<6)
        try scene.receiver.waitFor(count: 6)
        try eventually("all wait") { try AdminProbe(first).metric("entries_parked") == 6 }
        try first.crash()
        #expect(try scene.redis.command("XDEL", "orders", ids[0], ids[1]) == 2)
        isMended.open()
        let admin = try AdminProbe(try scene.run(as: "b"))
        try scene.receiver.waitUntil { $0.acceptedIDs.count == 4 }
        try scene.waitUntilSettled()
        try eventually("both tombstones are written") { try admin.metric("entries_dead_lettered_total") == 2 }
        #expect(try admin.metric("entries_taken_over_total") == 4)
        #expect(try admin.metric("entries_trimmed_total") == 2)
        #expect(try admin.metric("entries_delivered_total") == 4)
        #expect(try admin.metric("entries_read_total") == 0)
    }

    @Test func `unread entries that were trimmed are counted once by several workers`() throws {
        let gate = Gate()
        let scene = try scene { _ in .answerWhenOpen(gate, 200) }
        scene.file.workers = 2
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        scene.file.route.keys["concurrency"] = "1"
        try scene.redis.add(numbers: 0..<8)
        let admin = try AdminProbe(try scene.run())
        // Each holds as many as a route of one request in flight may.
        try eventually("the windows are full") { try scene.redis.pending().count == 8 }
        try scene.redis.add(numbers: 8..<40)
        #expect(try scene.redis.command("XTRIM", "orders", "MAXLEN", "=", "10") == 30)
        try eventually("it is noticed") { try admin.metric("entries_trimmed_unread_total") ?? 0 > 0 }
        gate.open()
        // Both have looked several times.
        letPass(.seconds(1))
        #expect(try admin.metric("entries_trimmed_unread_total") == 22)
    }

    /// promtool comes with Debian's package prometheus, which `make test` installs.
    @Test func `promtool finds nothing to complain of`() throws {
        let scene = try scene()
        scene.file.route.streams = ["orders", "with \\\"quotes\\\""]
        try scene.redis.add(numbers: 0..<10)
        let admin = try AdminProbe(try scene.run())
        try scene.receiver.waitFor(count: 10)
        let file = try scene.directory.write(try admin.get("/metrics").body, to: "metrics")
        let check = try ChildProcess("promtool", ["check", "metrics"], inputFile: file)
        #expect(try check.waitForExit() == .status(0))
        #expect(check.output + check.errorOutput == "")
    }

    /// Each alert fires for what is bad, not for what is well, and not too early.
    @Test func `promtool takes the alert rules, and they fire`() throws {
        for arguments in [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts-test.yaml"]] {
            let file = Repository.path("monitoring/" + arguments[2])
            let check = try ChildProcess("promtool", [arguments[0], arguments[1], file])
            #expect(try check.waitForExit() == .status(0), "\(check.output)\(check.errorOutput)")
        }
        func names(_ file: String, _ prefix: String) throws -> [String] {
            try Repository.text("monitoring/" + file).split(separator: "\n")
                .map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        }
        let alerts = try names("alerts.yaml", "- alert: ")
        #expect(!alerts.isEmpty)
        #expect(try names("alerts-test.yaml", "name: ") == alerts)
    }
}
