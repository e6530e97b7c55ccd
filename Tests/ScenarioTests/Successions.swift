import TestSupport
import TestThreads
import Testing

/// One process follows another.
@Suite(.serialized, .ownThreads) struct Successions {
    @Test func `a process that finds another of its name waits, says so, and goes on when that one has left`() throws {
        let scene = try Scene { _ in .answerAfter(.milliseconds(4), 200) }
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.keys["concurrency"] = "8"
        scene.file.route.keys["claim_after"] = "1h"
        try scene.redis.add(numbers: 0..<200)
        let first = try scene.run()
        try scene.receiver.waitFor(count: 100)
        let second = try scene.run()
        let waiting = "another process of this instance's name is running; waiting until it stops"
        try second.waitForLog(waiting)
        let admin = try AdminProbe(second)
        #expect(try admin.get("/readyz").body.contains(waiting))
        try scene.receiver.waitFor(count: 200)
        #expect(try admin.metric("entries_read_total") == 0)
        // Overlap: the old one stops under load.
        try scene.redis.add(numbers: 200..<600)
        try scene.receiver.waitFor(count: 300)
        #expect(try first.stop() == .status(0))
        let stopped = ContinuousClock.now
        let before = scene.receiver.ledger.count
        try scene.receiver.waitFor(count: 600)
        try scene.waitUntilSettled()
        // On a slow machine the old one may have finished all.
        if let next = scene.receiver.ledger.dropFirst(before).first {
            #expect(next.time - stopped < .milliseconds(1500))
        }
        #expect(scene.receiver.ledger.count == 600)
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<600).map(body)))
        #expect(Set(scene.receiver.ledger.attempts) == ["1"])
        #expect(second.logs(waiting).count == 1)
        #expect(try admin.get("/readyz").status == 200)
    }

    /// Whoever does not listen counts as gone, and the next process of its name takes its entries for its own.
    @Test func `a process whose listening connection is lost again and again listens again soon`() throws {
        let scene = try Scene()
        try scene.run()
        func listens() throws -> Bool {
            try !scene.redis.command("PUBSUB", "CHANNELS", "footbridge:alive:*").elements.isEmpty
        }
        try eventually("it listens") { try listens() }
        for loss in 1...7 {
            try scene.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
            try eventually("it listens again after loss \(loss)", timeout: .seconds(2)) { try listens() }
        }
    }

    @Test func `a process whose namesake was killed does not wait for it`() throws {
        let scene = try Scene { $0.earlier == 0 && $0.text == body(0) ? .hang : .answer(200) }
        scene.file.route.keys["claim_after"] = "1h"
        try scene.redis.add(numbers: 0..<10)
        let first = try scene.run()
        try scene.receiver.waitFor(count: 10)
        try first.crash()
        try scene.run()
        try scene.receiver.waitUntil { Set($0.acceptedBodies) == Set((0..<10).map(body)) }
        try scene.waitUntilSettled()
    }

    @Test func `twenty thousand waiting entries are handed over within five seconds`() throws {
        let count = 20_000
        let scene = try Scene()
        scene.file.route.keys["claim_after"] = "1h"
        scene.file.route.retry(attempts: 9, every: "1h")
        for start in stride(from: 0, to: count, by: 2000) { try scene.redis.add(numbers: start..<start + 2000) }
        // They have had one attempt, as far as Redis knows, and wait for the next.
        try scene.redis.command("XGROUP", "CREATE", "orders", "orders", "0")
        try scene.redis.command("XREADGROUP", "GROUP", "orders", "a.1", "COUNT", "\(count)", "STREAMS", "orders", ">")
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try eventually("all wait") { try admin.metric("entries_parked") == Double(count) }
        let (exit, time) = try timed { try bridge.stop(timeout: .seconds(20)) }
        #expect(exit == .status(0))
        #expect(time < .seconds(5))
        #expect(bridge.logs("handed entries over").map { $0.metadata["count"] } == ["\(count)"])
        #expect(try scene.redis.consumers() == ["footbridge:released"])
        #expect(scene.receiver.ledger.isEmpty)
    }
}
