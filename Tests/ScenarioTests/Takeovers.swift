import Glibc
import TestSupport
import Testing

@Suite(.serialized, .ownThreads) struct Takeovers {
    @Test func `survivors share what a killed instance held, once each, and go on with the next attempt`() throws {
        let scene = try Scene { $0["webhook-attempt"] == "1" ? .hang : .answer(200) }
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.keys["claim_after"] = "1s"
        scene.file.route.keys["concurrency"] = "32"
        try scene.redis.add(numbers: 0..<50)
        let dead = try scene.run(as: "a")
        // 32 in flight and 18 behind them.
        try scene.receiver.waitFor(count: 32)
        try eventually("all are read") { try scene.redis.pending().count == 50 }
        try dead.crash()
        let killedAt = ContinuousClock.now
        let survivors = try [scene.run(as: "b"), scene.run(as: "c")]
        let ledger = try scene.receiver.waitUntil { $0.acceptedIDs.count >= 50 }
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 82)
        #expect(Set(ledger.acceptedBodies) == Set((0..<50).map(body)))
        let second = ledger.filter { $0.action.accepts }
        #expect(Set(second.attempts) == ["2"])
        // The dead instance showed life a quarter of claim_after before its end, at the latest.
        #expect(second.allSatisfy { $0.time - killedAt >= .milliseconds(700) })
        let taken = survivors.flatMap { $0.logs("took over entries of a silent consumer") }
        #expect(taken.map { $0.metadata["consumer"] }.allSatisfy { $0 == "a.1" })
        #expect(taken.compactMap { $0.metadata["count"].flatMap(Int.init) }.reduce(0, +) == 50)
    }

    @Test func `a living instance keeps its entries, however long they wait`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "500ms"
        scene.file.route.retry(attempts: 5, every: "2500ms")
        try scene.redis.add(numbers: [1])
        let owner = try scene.run(as: "a")
        try scene.receiver.waitFor(count: 1)
        let other = try scene.run(as: "b")
        // Five times claim_after.
        while scene.receiver.ledger.count < 2 {
            let pending = try scene.redis.pending()
            #expect(pending.allSatisfy { $0.consumer == "a.1" })
            usleep(50_000)
        }
        let ledger = scene.receiver.ledger
        try scene.waitUntilSettled()
        #expect(ledger.attempts == ["1", "2"])
        #expect(ledger.gaps[0] >= .milliseconds(2490))
        #expect(other.logs("took over entries of a silent consumer") == [])
        #expect(owner.exit == nil)
    }

    @Test func `two instances on one group deliver each entry once`() throws {
        let scene = try Scene()
        _ = try scene.run(as: "a")
        _ = try scene.run(as: "b")
        try scene.redis.add(numbers: 0..<500)
        let ledger = try scene.receiver.waitFor(count: 500)
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 500)
        #expect(Set(ledger.acceptedBodies) == Set((0..<500).map(body)))
    }
}
