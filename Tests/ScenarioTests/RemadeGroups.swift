import Glibc
import TestSupport
import TestThreads
import Testing

/// A group is destroyed and made again, while an instance does not look for a long time: its window is full, so it reads
/// nothing, and the next round is far away.
@Suite(.serialized, .ownThreads) struct RemadeGroups {
    /// `a` holds the entries 0 to 3, the first of them under way until the gate opens; `b` holds nothing.
    private struct Situation {
        let scene: Scene
        let unaware: ChildProcess
        let other: ChildProcess

        /// The dead letters, and what was accepted, when nothing is left to do.
        func end() throws -> (letters: [[Field]], accepted: [String]) {
            let bodies = (1...4).map(body)
            try scene.receiver.waitUntil { Set($0.acceptedBodies).isSuperset(of: bodies) }
            try scene.waitUntilSettled()
            return (try scene.redis.entries("{orders}:dead:orders"), scene.receiver.ledger.acceptedBodies.sorted())
        }
    }

    /// - Parameter status: what is answered to the first request for the first entry; to all of them if it refuses.
    private func scene(_ gate: Gate, status: Int) throws -> Scene {
        let scene = try Scene { request in
            request.text == body(0) && (request.earlier == 0 || status != 200)
                ? .answerWhenOpen(gate, status) : .answer(200)
        }
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.keys["claim_after"] = "2m"
        scene.file.route.keys["concurrency"] = "1"
        scene.file.route.keys["drain_timeout"] = "1s"
        scene.file.route.retry(attempts: 5, every: "100ms", giveUp: "always")
        try scene.redis.add(numbers: 0..<4)
        return scene
    }

    private func situation(_ gate: Gate, status: Int) throws -> Situation {
        let scene = try scene(gate, status: status)
        let unaware = try scene.run(as: "a")
        try scene.receiver.waitFor(count: 1)
        try eventually("all are a's") { try scene.redis.pending().map(\.consumer) == Array(repeating: "a.1", count: 4) }
        let other = try scene.run(as: "b")
        try scene.redis.add(numbers: [4])
        try scene.receiver.waitUntil { $0.acceptedBodies.contains(body(4)) }
        try eventually("it is settled") { try scene.redis.pending().count == 4 }
        return Situation(scene: scene, unaware: unaware, other: other)
    }

    /// Somebody makes the group anew, and says nothing.
    private func remake(_ scene: Scene) throws {
        let last = try scene.redis.command("XINFO", "STREAM", "orders")["last-generated-id"]?.text ?? ""
        let commands = [["XGROUP", "DESTROY", "orders", "orders"], ["XGROUP", "CREATE", "orders", "orders", last]]
        _ = try scene.redis.pipeline(commands.map { $0.map { Array($0.utf8) } })
        #expect(try scene.redis.pending() == [])
    }

    @Test func `who makes a group again tells the others, which put back what they hold at once`() throws {
        let gate = Gate()
        let situation = try situation(gate, status: 200)
        #expect(try situation.scene.redis.command("XGROUP", "DESTROY", "orders", "orders") == 1)
        try situation.other.waitForLog("the consumer group was gone; made again")
        try situation.unaware.waitForLog("the consumer group is another than before")
        try eventually("they are a's again") {
            try situation.scene.redis.pending().map(\.consumer) == Array(repeating: "a.1", count: 4)
        }
        gate.open()
        let (letters, accepted) = try situation.end()
        #expect(letters == [])
        #expect(accepted == (0...4).map(body))
    }

    /// All meet the new group at once. One of them made it where it knows that it stood: the others, who have read less, must
    /// not take it for one that was made too far ahead.
    @Test func `whoever makes a group again, nobody puts it back further`() throws {
        let scene = try Scene()
        scene.file.workers = 4
        let bridges = try [scene.run(as: "a"), scene.run(as: "b")]
        func marks(_ kind: String) throws -> [String] {
            try scene.redis.command("XINFO", "CONSUMERS", "orders", "orders").elements
                .compactMap { $0["name"]?.text }.filter { $0.hasPrefix("footbridge:\(kind):") }
        }
        func told() -> Int {
            bridges.map { $0.logs("the consumer group was gone; made again where it stood").count }.reduce(0, +)
        }
        for round in 0..<6 {
            try scene.redis.add(numbers: (round * 20)..<((round + 1) * 20))
            try scene.receiver.waitUntil { $0.acceptedBodies.contains(body((round + 1) * 20 - 1)) }
            try scene.waitUntilSettled()
            let before = told()
            #expect(try scene.redis.command("XGROUP", "DESTROY", "orders", "orders") == 1)
            try eventually("all read again") {
                try told() > before && marks("owner").count == 8
            }
            let mark = try marks("group")
            #expect(mark.count == 1)
            #expect(mark.allSatisfy { !$0.contains("@") }, "\(mark)")
        }
    }

    /// With a full window nothing is read, and nothing else is under way: the sign of life is what tells.
    @Test func `an instance that reads nothing notices at its next sign of life that the group is gone`() throws {
        let gate = Gate()
        let scene = try scene(gate, status: 200)
        let bridge = try scene.run(as: "a")
        try scene.receiver.waitFor(count: 1)
        func areOwn() throws -> Bool {
            try scene.redis.pending().map(\.consumer) == Array(repeating: "a.1", count: 4)
        }
        try eventually("all are read") { try areOwn() }
        #expect(try scene.redis.command("XGROUP", "DESTROY", "orders", "orders") == 1)
        // Whoever hears this shows life, and looks at the group.
        #expect(try scene.redis.command("PUBLISH", "footbridge:released:orders:orders", "b.1") == 1)
        try bridge.waitForLog("the consumer group was gone; made again where it stood", timeout: .seconds(5))
        try eventually("they are its own again") { try areOwn() }
        #expect(scene.receiver.ledger.count == 1)
        gate.open()
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.acceptedBodies == (0..<4).map(body))
    }

    /// Only the fetch for the next attempt tells that the group is another: nothing is read, and the next round is far away.
    @Test func `what comes due before its group knows of it again is not taken for another's`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.keys["claim_after"] = "2m"
        scene.file.route.keys["concurrency"] = "1"
        scene.file.route.keys["max_parked"] = "1"
        scene.file.route.retry(attempts: 5, every: "1s")
        try scene.redis.add(numbers: 0..<4)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 4)
        try eventually("all wait") { try scene.redis.pending().map(\.deliveries) == [1, 1, 1, 1] }
        try remake(scene)
        try scene.receiver.waitUntil { Set($0.acceptedBodies) == Set((0..<4).map(body)) }
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.attempts == ["1", "1", "1", "1", "2", "2", "2", "2"])
        #expect(bridge.logs("a waiting entry is not ours any more") == [])
    }

    /// The script that buries looks for the owner, and finds none.
    @Test func `an entry that is given up before its group knows of it again gets its dead letter`() throws {
        let gate = Gate()
        let situation = try situation(gate, status: 422)
        try remake(situation.scene)
        gate.open()
        try situation.unaware.waitForLog("entry dead-lettered")
        let (letters, accepted) = try situation.end()
        #expect(letters.map { $0.first { $0.name == "field.n" }?.text } == ["0"])
        // The last may come again: a puts the group back to where it knows that it stood.
        #expect(Set(accepted) == Set((1...4).map(body)) && accepted.count <= 5)
    }

    @Test func `an instance that stops before its group knows of its entries again hands them over all the same`()
        throws
    {
        let situation = try situation(Gate(), status: 200)
        try remake(situation.scene)
        #expect(try situation.unaware.stop() == .status(0))
        let (letters, accepted) = try situation.end()
        #expect(letters == [])
        // The first was under way, and is sent once more.
        #expect(accepted == [0, 0, 1, 2, 3, 4].map(body))
        #expect(situation.unaware.logs("handed entries over").map { $0.metadata["count"] } == ["4"])
    }

    @Test func `an instance that stops when its group is gone makes it again and leaves its entries there`() throws {
        let scene = try scene(Gate(), status: 200)
        let bridge = try scene.run(as: "a")
        try scene.receiver.waitFor(count: 1)
        try eventually("all are read") { try scene.redis.pending().count == 4 }
        #expect(try scene.redis.command("XGROUP", "DESTROY", "orders", "orders") == 1)
        #expect(try bridge.stop() == .status(0))
        #expect(try scene.redis.pending().map(\.consumer) == Array(repeating: "footbridge:released", count: 4))
        #expect(try scene.redis.pending().map(\.deliveries) == [1, 0, 0, 0])
    }
}
