import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Retries {
    @Test func `a failed attempt is repeated under the same id after the wait of the schedule`() throws {
        let scene = try Scene { $0.earlier < 2 ? .answer(503) : .answer(200) }
        scene.file.route.keys["retry"] =
            "{ attempts: 5, backoff: { initial: 200ms, factor: 2, max: 5s, jitter: 0.2 } }"
        try scene.redis.add(numbers: [1])
        let bridge = try scene.run()
        let ledger = try scene.receiver.waitFor(count: 3)
        try scene.waitUntilSettled()
        #expect(ledger.attempts == ["1", "2", "3"])
        #expect(ledger.map(\.text) == [body(1), body(1), body(1)])
        #expect(Set(ledger.map(\.id)).count == 1)
        let gaps = ledger.gaps
        // 200 ms and 400 ms, a fifth less at most.
        #expect(gaps[0] >= .milliseconds(160))
        #expect(gaps[1] >= .milliseconds(320))
        #expect(try bridge.stop() == .status(0))
        #expect(scene.receiver.ledger.count == 3)
        #expect(bridge.logs("summary").map { $0.metadata["retried"] } == ["2"])
    }

    @Test(arguments: [429, 503])
    func `a receiver that asks for patience gets it`(status: Int) throws {
        let scene = try Scene {
            $0.earlier == 0 ? .answer(status, headers: ["Retry-After": "1"]) : .answer(200)
        }
        scene.file.route.keys["retry"] = "{ attempts: 5, backoff: { initial: 50ms, factor: 1, max: 5s, jitter: 0 } }"
        try scene.redis.add(numbers: [1])
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 2)
        #expect(ledger.attempts == ["1", "2"])
        #expect(ledger.gaps[0] >= .seconds(1))
    }

    @Test func `a receiver that asks for an hour gets retry_after_max`() throws {
        let scene = try Scene {
            $0.earlier == 0 ? .answer(429, headers: ["Retry-After": "3600"]) : .answer(200)
        }
        scene.file.route.keys["retry"] = "{ schedule: [50ms, 50ms], retry_after_max: 700ms }"
        try scene.redis.add(numbers: [1])
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 2, timeout: .seconds(5))
        #expect(ledger.attempts == ["1", "2"])
        #expect(ledger.gaps[0] >= .milliseconds(690))
    }

    @Test func `an entry that fails again and again holds up nobody`() throws {
        let scene = try Scene { $0.text == body(0) ? .answer(500) : .answer(200) }
        scene.file.route.keys["concurrency"] = "2"
        scene.file.route.retry(attempts: 1000, every: "10ms")
        try scene.redis.add(numbers: 0..<200)
        try scene.run()
        let ledger = try scene.receiver.waitUntil { $0.acceptedIDs.count == 199 }
        #expect(Set(ledger.acceptedBodies) == Set((1..<200).map(body)))
        try eventually("only the failing entry is pending") { try scene.redis.pending().count == 1 }
    }

    @Test func `no more entries wait than max_parked, and the rest stays unread`() throws {
        let scene = try Scene { _ in .answer(503) }
        scene.file.route.keys["concurrency"] = "2"
        scene.file.route.keys["max_parked"] = "20"
        scene.file.route.retry(attempts: 9, every: "60s", giveUp: "always")
        try scene.redis.add(numbers: 0..<200)
        try scene.run()
        try eventually("they wait") { try scene.redis.pending().count >= 20 }
        letPass(.milliseconds(300))
        #expect(try scene.redis.pending().count <= 20 + 8)
    }

    /// Each stream has a read outstanding, and all of them together bring no more than there is room for.
    @Test func `many streams share one window`() throws {
        let gate = Gate()
        let scene = try Scene { _ in .answerWhenOpen(gate, 200) }
        scene.file.route.keys["concurrency"] = "8"
        scene.file.route.streams = (0..<20).map { "s\($0)" }
        for stream in scene.file.route.streams { try scene.redis.add(numbers: 0..<20, to: stream) }
        try scene.run()
        func held() throws -> Int {
            try scene.file.route.streams.reduce(0) { try $0 + scene.redis.pending($1).count }
        }
        try eventually("the window is full") { try held() >= 28 }
        letPass(.milliseconds(300))
        #expect(try held() <= 32)
        gate.open()
        for stream in scene.file.route.streams {
            try eventually("settled") { try scene.redis.unsettled(stream, "orders") == 0 }
        }
        #expect(scene.receiver.ledger.count == 400)
    }

    /// Otherwise what both bring would be more than there is room for.
    @Test func `a stream that has much to give leaves room for what a read of another waits for`() throws {
        let gate = Gate()
        let scene = try Scene { _ in .answerWhenOpen(gate, 200) }
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.keys["claim_after"] = "20s"
        scene.file.route.keys["concurrency"] = "1"
        scene.file.route.streams = ["much", "little"]
        try scene.run()
        try eventually("both reads wait") { try scene.redis.info("blocked_clients") == "2" }
        try scene.redis.add(numbers: 0..<10, to: "much")
        try eventually("all is read that there is room for") { try scene.redis.pending("much").count >= 3 }
        try scene.redis.add(numbers: [10], to: "little")
        try eventually("the other read is answered") { try scene.redis.pending("little").count == 1 }
        #expect(try scene.redis.pending("much").count == 3)
        gate.open()
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 11)
    }
}
