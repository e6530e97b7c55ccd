import Glibc
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Takeovers {
    @Test(arguments: ServerChoice.allCases)
    func `survivors share what a killed instance held, once each, and go on with the next attempt`(
        server: ServerChoice
    ) throws {
        let scene = try Scene(.init(choice: server)) { $0["webhook-attempt"] == "1" ? .hang : .answer(200) }
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.keys["claim_after"] = "1800ms"
        scene.file.route.keys["concurrency"] = "32"
        try scene.redis.add(numbers: 0..<50)
        let dead = try scene.run(as: "a")
        // 32 in flight and 18 behind them.
        try scene.receiver.waitFor(count: 32)
        try eventually("all are read") { try scene.redis.pending().count == 50 }
        let lastSeen = try lastSign(of: "a.1", scene)
        try dead.crash()
        let survivors = try [scene.run(as: "b"), scene.run(as: "c")]
        let ledger = try scene.receiver.waitUntil { $0.acceptedIDs.count >= 50 }
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 82)
        #expect(Set(ledger.acceptedBodies) == Set((0..<50).map(body)))
        let second = ledger.filter { $0.action.accepts }
        #expect(Set(second.attempts) == ["2"])
        // A silence of claim_after, less what a busy machine takes to read when the last sign was.
        #expect(second.allSatisfy { $0.time - lastSeen >= .milliseconds(900) })
        let taken = survivors.flatMap { $0.logs("took over entries of a silent consumer") }
        #expect(taken.map { $0.metadata["consumer"] }.allSatisfy { $0 == "a.1" })
        #expect(taken.compactMap { $0.metadata["count"].flatMap(Int.init) }.reduce(0, +) == 50)
    }

    @Test func `a living instance keeps its entries, however long they wait`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        scene.file.route.retry(attempts: 5, every: "2500ms")
        try scene.redis.add(numbers: [1])
        let owner = try scene.run(as: "a")
        try scene.receiver.waitFor(count: 1)
        let other = try scene.run(as: "b")
        // Three times claim_after later.
        try eventually("the second attempt") {
            let consumers = try scene.redis.pending().map(\.consumer)
            #expect(consumers.allSatisfy { $0 == "a.1" })
            return scene.receiver.ledger.count == 2
        }
        let ledger = scene.receiver.ledger
        try scene.waitUntilSettled()
        #expect(ledger.attempts == ["1", "2"])
        #expect(ledger.gaps[0] >= .milliseconds(2400))
        #expect(other.logs("took over entries of a silent consumer") == [])
        #expect(owner.exit == nil)
    }

    @Test(arguments: ServerChoice.allCases)
    func `what a stopped instance leaves is another's at once, and goes on where it was`(server: ServerChoice) throws {
        let scene = try Scene(.init(choice: server)) {
            $0.earlier == 0 && !isAmongGoodOnes($0) ? .answer(503) : .answer(200)
        }
        scene.file.route.keys["claim_after"] = "1h"
        scene.file.route.retry(attempts: 9, every: "1500ms")
        let stopping = try scene.run(as: "a")
        try scene.redis.add(numbers: [opening])
        try scene.receiver.waitFor(count: 1)
        try scene.redis.add(numbers: 0..<200)
        try scene.receiver.waitFor(count: 201)
        try eventually("all wait") { try scene.redis.pending().map(\.deliveries) == Array(repeating: 1, count: 150) }
        let other = try scene.run(as: "b")
        #expect(try stopping.stop() == .status(0))
        // Long before claim_after: how long exactly, `make chaos` measures.
        try eventually("all are the other's") { try scene.redis.pending().allSatisfy { $0.consumer == "b.1" } }
        #expect(try scene.redis.pending().count == 150)
        #expect(stopping.logs("handed entries over").map { $0.metadata["count"] } == ["150"])
        #expect(try scene.redis.consumers().contains("a.1") == false)
        // Nothing is sent before it is due, and the attempts go on.
        let ledger = try scene.receiver.waitUntil { Set($0.acceptedIDs).count == 201 }.filter { !isAmongGoodOnes($0) }
        try scene.waitUntilSettled()
        #expect(Set(ledger.byID.values.map(\.attempts)) == [["1", "2"]])
        #expect(ledger.byID.values.allSatisfy { $0.gaps.allSatisfy { $0 >= .milliseconds(1400) } })
        let taken = other.logs("took over entries that were handed over").compactMap { Int($0.metadata["count"] ?? "") }
        #expect(taken.reduce(0, +) == 150)
    }

    /// The first entry and every fourth are accepted, so that the endpoint is not taken for down.
    private func isAmongGoodOnes(_ request: ReceivedRequest) -> Bool {
        Int(request.text.filter(\.isNumber)).map { $0 == opening || $0 < 200 && $0 % 4 == 3 } ?? false
    }

    private let opening = 1000

    enum Cut: CaseIterable { case beforeStop, whileDraining, whileHandingOver, redisRestarts }

    @Test(arguments: Cut.allCases)
    func `a connection that is cut around a stop does not keep entries from the others`(cut: Cut) throws {
        let gate = Gate()
        let scene = try Scene(.init(appendOnly: true)) {
            if isAmongGoodOnes($0) { return .answer(200) }
            return $0.text == body(200) ? .answerWhenOpen(gate, 200) : .answer(503)
        }
        scene.file.route.keys["claim_after"] = "1h"
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.retry(attempts: 9, every: "1h")
        let stopping = try scene.run(as: "a")
        try scene.redis.add(numbers: [opening])
        try scene.receiver.waitFor(count: 1)
        try scene.redis.add(numbers: 0..<200)
        try scene.receiver.waitFor(count: 201)
        try eventually("all wait") { try scene.redis.pending().map(\.deliveries) == Array(repeating: 1, count: 150) }
        switch cut {
        case .beforeStop:
            try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            stopping.signal(SIGTERM)
        case .whileDraining:
            try scene.redis.add(numbers: [200])
            try scene.receiver.waitFor(count: 202)
            stopping.signal(SIGTERM)
            try stopping.waitForLog("stopping: finishing what is in flight")
            try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            try stopping.waitForLog("Redis is unreachable")
            gate.open()
        case .whileHandingOver:
            // Scripts wait, what only reads does not.
            #expect(try scene.redis.command("CLIENT", "PAUSE", "60000", "WRITE") == .simple("OK"))
            stopping.signal(SIGTERM)
            try eventually("it hands over") {
                let clients = try scene.redis.command("CLIENT", "LIST").text?.split(separator: "\n") ?? []
                return clients.contains { $0.contains("cmd=eval") && $0.contains("flags=b") }
            }
            try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            #expect(try scene.redis.command("CLIENT", "UNPAUSE") == .simple("OK"))
        case .redisRestarts:
            try scene.server.kill()
            try stopping.waitForLog("Redis is unreachable")
            stopping.signal(SIGTERM)
            try stopping.waitForLog("stopping: finishing what is in flight")
            try scene.server.restart()
        }
        #expect(try stopping.waitForExit() == .status(0))
        #expect(stopping.logs("handed entries over").map { $0.metadata["count"] } == ["150"])
        let redis = try scene.server.probe()
        _ = try scene.run(as: "b")
        try eventually("all are the other's") {
            try redis.pending().map(\.consumer) == Array(repeating: "b.1", count: 150)
        }
        #expect(try redis.pending().allSatisfy { $0.deliveries == 1 })
        #expect(scene.receiver.ledger.count == (cut == .whileDraining ? 202 : 201))
    }

    @Test func `a stopped instance leaves nothing, though some of what it held was trimmed`() throws {
        let scene = try Scene { _ in .answer(503) }
        scene.file.route.keys["claim_after"] = "1h"
        scene.file.route.retry(attempts: 9, every: "1h")
        let stopping = try scene.run(as: "a")
        try scene.redis.add(numbers: 0..<20)
        try scene.receiver.waitFor(count: 20)
        try eventually("all wait") { try scene.redis.pending().map(\.deliveries) == Array(repeating: 1, count: 20) }
        #expect(try scene.redis.command("XTRIM", "orders", "MAXLEN", "=", "5") == 15)
        #expect(try stopping.stop() == .status(0))
        #expect(try scene.redis.pending().map(\.consumer) == Array(repeating: "footbridge:released", count: 5))
        #expect(try scene.redis.consumers() == ["footbridge:released"])
        #expect(
            try scene.redis.entries("{orders}:dead:orders").map { $0[0] }
                == Array(repeating: Field("reason", "trimmed"), count: 15))
    }

    @Test func `what a stopped instance leaves waits for the next one that starts`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.keys["claim_after"] = "1h"
        scene.file.route.retry(attempts: 9, every: "500ms")
        let stopping = try scene.run(as: "a")
        try scene.redis.add(numbers: 0..<20)
        try scene.receiver.waitFor(count: 20)
        #expect(try stopping.stop() == .status(0))
        #expect(try Set(scene.redis.pending().map(\.consumer)) == ["footbridge:released"])
        _ = try scene.run(as: "another")
        let ledger = try scene.receiver.waitUntil { Set($0.acceptedIDs).count == 20 }
        try scene.waitUntilSettled()
        #expect(Set(ledger.byID.values.map(\.attempts)) == [["1", "2"]])
    }

    @Test func `an instance that was frozen sends nothing that others have taken over`() throws {
        let scene = try Scene { _ in .answerAfter(.milliseconds(100), 200) }
        scene.file.route.webhook["timeout"] = "500ms"
        scene.file.route.keys["claim_after"] = "1s"
        scene.file.route.keys["concurrency"] = "4"
        try scene.redis.add(numbers: 0..<40)
        let frozen = try scene.run(as: "a")
        try scene.receiver.waitFor(count: 4)
        frozen.signal(SIGSTOP)
        let held = try scene.redis.pending().count { $0.consumer == "a.1" }
        #expect(held > 8)
        _ = try scene.run(as: "b")
        try scene.receiver.waitUntil { Set($0.acceptedIDs).count == 40 }
        try scene.waitUntilSettled()
        frozen.signal(SIGCONT)
        try frozen.waitForLog("silent for too long: others have taken entries over")
        try scene.redis.add(numbers: [40])
        try scene.waitUntilSettled()
        #expect(try frozen.stop() == .status(0))
        // Twice came only what was under way when it froze.
        #expect(scene.receiver.ledger.duplicates <= 4)
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0...40).map(body)))
    }

    /// Its first turn fetches what came due meanwhile, and the answer to "which are still mine?" leaves out what is being
    /// fetched.
    @Test func `what came due while an instance was frozen does not go back into a group that is made anew`() throws {
        let (patient, due) = ((0..<4).map(body), (4..<12).map(body))
        let scene = try Scene { request in
            let failures = patient.contains(request.text) ? 2 : due.contains(request.text) ? 1 : 0
            return .answer(request.earlier < failures ? 503 : 200)
        }
        scene.file.route.webhook["timeout"] = "500ms"
        scene.file.route.keys["claim_after"] = "1s"
        scene.file.route.keys["retry"] = #"{ schedule: [1s, 20s], backoff: { jitter: 0 } }"#
        let frozen = try scene.run(as: "a")
        try scene.redis.add(numbers: 0..<4)
        try scene.receiver.waitFor(count: 8)
        try scene.redis.add(numbers: 4..<12)
        try scene.receiver.waitFor(count: 16)
        try eventually("all wait") {
            try scene.redis.pending().map(\.deliveries).sorted() == Array(repeating: 1, count: 8) + [2, 2, 2, 2]
        }
        frozen.signal(SIGSTOP)
        _ = try scene.run(as: "b")
        try scene.receiver.waitFor(count: 24)
        try eventually("they are settled") {
            try scene.redis.pending().map(\.consumer) == Array(repeating: "b.1", count: 4)
        }
        frozen.signal(SIGCONT)
        try frozen.waitForLog("silent for too long: others have taken entries over")
        #expect(try scene.redis.command("XGROUP", "DESTROY", "orders", "orders") == 1)
        try scene.redis.add(numbers: [12])
        try scene.receiver.waitUntil { $0.acceptedBodies.contains(body(12)) }
        // What it still holds it leaves to the other.
        #expect(try frozen.stop() == .status(0))
        try eventually("only those wait that are not due") {
            try scene.redis.pending().map(\.deliveries) == [2, 2, 2, 2]
        }
        #expect(scene.receiver.ledger.filter { due.contains($0.text) }.count == 16)
    }

    /// What Redis gave to its reads meanwhile comes late: the readers' connections are not that of the signs of life.
    @Test func `an instance that was frozen does not send what it was given meanwhile and others have sent`() throws {
        let scene = try Scene()
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        scene.file.route.streams = (0..<20).map { "s\($0)" }
        let frozen = try scene.run(as: "a")
        try eventually("all reads wait") { try scene.redis.info("blocked_clients") == "20" }
        // A sign of life is on its way, and answered before anything else.
        scene.server.pause()
        letPass(.milliseconds(300))
        frozen.signal(SIGSTOP)
        scene.server.resume()
        for (number, stream) in scene.file.route.streams.enumerated() {
            try scene.redis.add(numbers: [number], to: stream)
        }
        let other = try scene.run(as: "b")
        try scene.receiver.waitFor(count: 20)
        try scene.waitUntilSettled()
        // More than 20 if, on a slow machine, an attempt of the other has timed out.
        let count = scene.receiver.ledger.count
        frozen.signal(SIGCONT)
        try eventually("all are dropped") {
            frozen.logs("silent for too long: others have taken entries over").count == 20
                || scene.receiver.ledger.count > count
        }
        #expect(try frozen.stop() == .status(0))
        #expect(scene.receiver.ledger.count == count)
        #expect(other.exit == nil)
    }

    @Test func `what came due while an instance was frozen is not taken for another's`() throws {
        let early = Set((0..<8).map(body))
        let scene = try Scene { request in
            early.contains(request.text) && request.earlier == 0
                ? .answer(503) : .answerAfter(.milliseconds(100), 200)
        }
        scene.file.route.webhook["timeout"] = "500ms"
        scene.file.route.keys["claim_after"] = "1s"
        scene.file.route.keys["concurrency"] = "2"
        scene.file.route.retry(attempts: 5, every: "1500ms")
        try scene.redis.add(numbers: 0..<8)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 8)
        try scene.redis.add(numbers: 8..<40)
        try scene.receiver.waitFor(count: 10)
        bridge.signal(SIGSTOP)
        // Longer than claim_after, and than the retries need to come due.
        letPass(.seconds(2))
        bridge.signal(SIGCONT)
        try scene.waitUntilSettled()
        #expect(bridge.logs("silent for too long: others have taken entries over") == [])
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<40).map(body)))
    }

    @Test func `nothing is taken from other programs, from who may be silent for longer, or as soon as one is there`()
        throws
    {
        let scene = try Scene()
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        try scene.redis.add(numbers: 0..<3)
        try scene.redis.command("XGROUP", "CREATE", "orders", "orders", "0")
        for consumer in ["dead.1", "patient.1", "program"] {
            try scene.redis.command("XREADGROUP", "GROUP", "orders", consumer, "COUNT", "1", "STREAMS", "orders", ">")
        }
        // The mark of a worker whose claim_after is an hour.
        try scene.redis.command("XGROUP", "CREATECONSUMER", "orders", "orders", "footbridge:owner:t:3600000:patient.1")
        try eventually("all were silent for long") {
            try ContinuousClock.now - lastSign(of: "program", scene) >= .seconds(1)
        }
        let start = ContinuousClock.now
        try scene.run()
        let first = try scene.receiver.waitFor(count: 1)[0]
        #expect(first.text == body(0))
        #expect(first.time - start >= .milliseconds(800), "others had the time to show that they live")
        try scene.redis.add(numbers: [3])
        try scene.receiver.waitFor(count: 2)
        try eventually("the others' are left") {
            try scene.redis.pending().map(\.consumer).sorted() == ["patient.1", "program"]
        }
        #expect(scene.receiver.ledger.acceptedBodies.sorted() == [body(0), body(3)].sorted())
    }

    /// All see them at once, and one is quicker than the others with each.
    @Test func `what was trimmed and is a dead consumer's is buried once, and keeps nobody from stopping`() throws {
        let scene = try Scene()
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        try scene.redis.add(numbers: 0..<300)
        try scene.redis.command("XGROUP", "CREATE", "orders", "orders", "0")
        try scene.redis.command("XREADGROUP", "GROUP", "orders", "dead.1", "STREAMS", "orders", ">")
        try scene.redis.command("XTRIM", "orders", "MAXLEN", "0")
        let bridges = try ["a", "b", "c"].map { try scene.run(as: $0) }
        for bridge in bridges { try bridge.waitForLog("connected to Redis") }
        // What they ask meanwhile is answered at once.
        scene.server.pause()
        letPass(.seconds(1))
        scene.server.resume()
        try eventually("all are buried") { try scene.redis.command("XLEN", "{orders}:dead:orders") == 300 }
        try scene.waitUntilSettled()
        for bridge in bridges {
            #expect(try bridge.stop() == .status(0))
            #expect(bridge.logs("footbridge stopped").map(\.metadata) == [[:]], "nothing is left to settle")
        }
        #expect(try scene.redis.command("XLEN", "{orders}:dead:orders") == 300)
    }

    @Test func `a dead consumer that has nothing is taken off the list`() throws {
        let scene = try Scene()
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        let dead = try scene.run(as: "a")
        try scene.redis.add(numbers: 0..<10)
        try scene.waitUntilSettled()
        try dead.crash()
        _ = try scene.run(as: "b")
        try eventually("only the living one is listed") { try scene.redis.consumers() == ["b.1"] }
    }

    /// When the consumer last showed life, by Redis.
    private func lastSign(of consumer: String, _ scene: Scene) throws -> ContinuousClock.Instant {
        let rows = try scene.redis.command("XINFO", "CONSUMERS", "orders", "orders").elements
        let row = try #require(rows.first { $0["name"]?.text == consumer })
        return .now - .milliseconds(try #require(row["idle"]?.integer))
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
