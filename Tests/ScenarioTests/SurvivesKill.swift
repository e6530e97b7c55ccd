import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct SurvivesKill {
    @Test func `after kill -9 the same instance goes on with the next attempt`() throws {
        let scene = try Scene { $0.earlier < 2 ? .answer(503) : $0.earlier == 2 ? .hang : .answer(200) }
        try scene.redis.add(numbers: [1])
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 3)
        try bridge.crash()
        #expect(try scene.redis.pending().map(\.deliveries) == [3])
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 4)
        try scene.waitUntilSettled()
        #expect(ledger.attempts == ["1", "2", "3", "4"])
        #expect(Set(ledger.map(\.id)).count == 1)
    }

    @Test func `a waiting entry is due after kill -9 when it would have been`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.retry(attempts: 5, every: "1500ms")
        try scene.redis.add(numbers: [1])
        let bridge = try scene.run()
        try eventually("the first attempt's failure is written down") {
            try scene.receiver.ledger.count == 1 && !scene.redis.pending().isEmpty
        }
        try bridge.crash()
        try scene.run()
        let runsSince = ContinuousClock.now
        let ledger = try scene.receiver.waitFor(count: 2)
        #expect(ledger.attempts == ["1", "2"])
        // Less what a busy machine takes from Redis' answer about the wait until it is read.
        #expect(ledger.gaps[0] >= .milliseconds(1400))
        // And no new wait begins with the new process, however long it takes to start.
        #expect(ledger[1].time < max(ledger[0].time + .milliseconds(1500), runsSince) + .milliseconds(1400))
    }

    @Test func `killed again and again, it delivers everything and repeats no more than was in flight`() throws {
        let concurrency = 16
        let scene = try Scene { request in
            request.earlier == 0 && request.text.hasSuffix("7\"}") ? .answer(503) : .answerAfter(.milliseconds(4), 200)
        }
        scene.file.route.keys["concurrency"] = "\(concurrency)"
        scene.file.route.retry(attempts: 50, every: "100ms")
        try scene.redis.add(numbers: 0..<500)
        let kills = 5
        for kill in 1...kills {
            let bridge = try scene.run()
            try scene.receiver.waitUntil { $0.acceptedIDs.count >= 80 * kill }
            try bridge.crash()
        }
        try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(20))
        let ledger = scene.receiver.ledger
        #expect(Set(ledger.acceptedBodies) == Set((0..<500).map(body)))
        #expect(ledger.byID.count == 500)
        // What was in flight at each kill: acknowledgements leave with every turn, so that no more than the slots of the
        // route are answered and not acknowledged.
        #expect(ledger.duplicates <= kills * concurrency)
        for requests in ledger.byID.values {
            let attempts = requests.compactMap { $0["webhook-attempt"].flatMap(Int.init) }
            #expect(attempts == attempts.sorted() && Set(attempts).count == requests.count)
        }
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `an entry whose attempts all ended with the bridge is dead-lettered`() throws {
        let scene = try Scene { $0.text == body(1) ? .hang : .answer(200) }
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.keys["claim_after"] = "20s"
        scene.file.route.retry(attempts: 2, every: "50ms")
        try scene.redis.add(numbers: [1])
        // Once more than it may: the entry may have been waiting for its endpoint.
        for attempt in 1...3 {
            let bridge = try scene.run()
            try scene.receiver.waitFor(count: attempt)
            try bridge.crash()
        }
        // Another shows that the endpoint takes something.
        try scene.redis.add(numbers: [2])
        try scene.run()
        try eventually("a dead letter") { try scene.redis.entries("{orders}:dead:orders").count == 1 }
        let letter = try scene.redis.entries("{orders}:dead:orders")[0]
        #expect(letter.prefix(2) == [Field("reason", "exhausted: instance_lost"), Field("attempts", "3")])
        #expect(scene.receiver.ledger.filter { $0.text == body(1) }.attempts == ["1", "2", "3"])
    }

    /// Nothing else comes that could show the endpoint to be well: ten deaths more are enough.
    @Test(arguments: [(12, 0), (13, 1)]) func `an entry that ends its process is given up in an idle system, too`(
        deliveries: Int, letters: Int
    ) throws {
        let scene = try Scene { _ in .answer(503) }
        scene.file.route.retry(attempts: 2, every: "50ms")
        try scene.redis.add(numbers: [1])
        #expect(try scene.redis.command("XGROUP", "CREATE", "orders", "orders", "0") == .simple("OK"))
        try scene.redis.command("XREADGROUP", "GROUP", "orders", "a.1", "STREAMS", "orders", ">")
        let id = try scene.redis.pending()[0].id
        try scene.redis.command(
            "XCLAIM", "orders", "orders", "a.1", "0", id, "RETRYCOUNT", "\(deliveries)", "JUSTID")
        _ = try scene.run(as: "a")
        if letters == 0 { try scene.receiver.waitFor(count: 3) }
        try eventually("it has ended") { try scene.redis.entries("{orders}:dead:orders").count == letters }
        #expect(scene.receiver.ledger.isEmpty == (letters > 0))
    }
}
