import TestSupport
import TestThreads
import Testing

/// What the log of the real bridge says of attempts.
@Suite(.serialized, .ownThreads) struct AttemptLogs {
    @Test(arguments: [("masked", "…"), ("full", "hooks/hunter2")])
    func `failed attempts have a line per kind and second`(urls: String, path: String) throws {
        let scene = try Scene { request in
            guard request.earlier == 0 else { return .answer(200) }
            return .answer(request.text.contains("7") ? 503 : request.text.contains("3") ? 500 : 200)
        }
        scene.file.log["urls"] = urls
        scene.file.route.url += "/hunter2?token=hunter3"
        scene.file.route.retry(attempts: 20, every: "500ms")
        try scene.redis.add(numbers: 0..<500)
        let bridge = try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(30))
        try bridge.stop()
        // Those of the last second, too.
        #expect(told(bridge) == scene.receiver.ledger.count { !$0.action.accepts })
        let lines = bridge.logs("attempts failed")
        #expect(lines.allSatisfy { $0.level == "info" && $0.metadata["route"] == "orders" })
        #expect(
            lines.allSatisfy {
                $0.metadata["endpoint"] == "http://127.0.0.1:\(scene.receiver.port)/\(path)"
                    + (urls == "full" ? "?***" : "")
            })
        #expect(lines.allSatisfy { $0.metadata["next_attempt"] != nil && Int($0.metadata["count"] ?? "") != nil })
        let failed = scene.receiver.ledger.count { !$0.action.accepts }
        #expect(lines.count < failed / 4)
        #expect(Set(lines.map { $0.metadata["status"] }) == ["500", "503"])
        #expect(!bridge.errorOutput.contains("hunter3") && bridge.errorOutput.contains("hunter2") == (urls == "full"))
        #expect(bridge.logs("attempt made").isEmpty)
    }

    @Test func `a share of all entries has a line for each attempt`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.log["deliveries"] = "20%"
        let ids = try scene.redis.add(numbers: 0..<300)
        let bridge = try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(30))
        try bridge.stop()
        let lines = bridge.logs("attempt made")
        let entries = Dictionary(grouping: lines) { $0.metadata["entry"] ?? "" }
        // A fifth of 300; the deviation is 7.
        #expect((30...95).contains(entries.count) && Set(entries.keys).isSubset(of: ids))
        #expect(
            entries.values.allSatisfy { $0.first?.metadata["status"] == "503" && $0.last?.metadata["status"] == "200" })
        #expect(entries.values.allSatisfy { $0.map { $0.metadata["attempt"] } == (1...$0.count).map { "\($0)" } })
        #expect(lines.allSatisfy { $0.level == "info" && Double($0.metadata["duration_ms"] ?? "") != nil })
        #expect(lines.allSatisfy { $0.metadata["endpoint"] == "http://127.0.0.1:\(scene.receiver.port)/…" })
    }

    private func told(_ bridge: ChildProcess) -> Int {
        bridge.logs("attempts failed").reduce(0) { $0 + (Int($1.metadata["count"] ?? "") ?? 0) }
    }
}
