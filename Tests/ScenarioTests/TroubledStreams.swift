import Glibc
import TestSupport
import TestThreads
import Testing

/// One stream, or one group, that is in trouble holds up neither others nor itself for ever.
@Suite(.serialized, .ownThreads) struct TroubledStreams {
    private func scene(
        on server: ServerChoice = .redis, script: @escaping ScriptedReceiver.Script = { _ in .answer(200) }
    ) throws -> Scene {
        let scene = try Scene(.init(choice: server), script: script)
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        return scene
    }

    @Test(arguments: [true, false])
    func `a stream of the wrong type does not stop the route's others`(fromStart: Bool) throws {
        let scene = try scene()
        scene.file.route.streams = ["good", "bad"]
        if fromStart { try scene.redis.command("SET", "bad", "x") }
        let bridge = try scene.run()
        if !fromStart {
            try scene.redis.add(numbers: [0], to: "bad")
            try scene.receiver.waitFor(count: 1)
            try scene.redis.command("SET", "bad", "x")
        }
        try bridge.waitForLog("cannot read")
        // Longer than half of claim_after, when signs of life begin to count.
        letPass(.milliseconds(700))
        try scene.redis.add(numbers: 1..<20, to: "good")
        try scene.receiver.waitUntil { Set($0.acceptedBodies).isSuperset(of: (1..<20).map(body)) }
        try eventually("settled") { try scene.redis.unsettled("good", "orders") == 0 }
        try scene.redis.command("DEL", "bad")
        try bridge.waitForLog("reading again")
        try scene.redis.add(numbers: [99], to: "bad")
        try scene.receiver.waitUntil { $0.acceptedBodies.contains(body(99)) }
    }

    @Test func `what cannot be settled in one stream does not stop the others`() throws {
        let gate = Gate()
        let scene = try scene { $0.text.contains("bad") ? .answerWhenOpen(gate, 200) : .answer(200) }
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.keys["claim_after"] = "20s"
        scene.file.route.streams = ["good", "bad"]
        scene.file.route.keys["concurrency"] = "4"
        for number in 0..<4 { try scene.redis.add([Field("bad", "\(number)")], to: "bad") }
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 4)
        try scene.redis.command("SET", "bad", "x")
        gate.open()
        try scene.redis.add(numbers: 0..<200, to: "good")
        try scene.receiver.waitUntil { Set($0.acceptedBodies).isSuperset(of: (0..<200).map(body)) }
        try eventually("settled") { try scene.redis.unsettled("good", "orders") == 0 }
        #expect(bridge.logs("Redis does not settle entries; they are kept").count <= 1)
    }

    @Test func `a group that goes while the window is full is made again`() throws {
        let mended = Gate()
        let scene = try scene { _ in mended.wait(timeout: .zero) ? .answer(200) : .answer(404) }
        scene.file.route.keys["concurrency"] = "1"
        try scene.redis.add(numbers: 0..<20)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint refuses everything")
        try eventually("the window is full") { try scene.redis.pending().count >= 4 }
        #expect(try scene.redis.command("DEL", "orders") == 1)
        try bridge.waitForLog("the stream was gone; its group is made again")
        mended.open()
        try scene.redis.add(numbers: 20..<40)
        let ledger = try scene.receiver.waitUntil(timeout: .seconds(20)) {
            Set($0.acceptedBodies).isSuperset(of: (20..<40).map(body))
        }
        #expect(ledger.duplicates == 0)
    }

    @Test(arguments: ServerChoice.allCases)
    func `a group that is destroyed under several workers loses nothing`(server: ServerChoice) throws {
        let scene = try scene(on: server) {
            $0.earlier == 0 && $0.text.hasSuffix("7\"}") ? .answer(503) : .answerAfter(.milliseconds(3), 200)
        }
        scene.file.workers = 2
        scene.file.route.keys["concurrency"] = "8"
        scene.file.route.retry(attempts: 9, every: "700ms")
        try scene.redis.add(numbers: 0..<600)
        try scene.run()
        try scene.receiver.waitFor(count: 150)
        #expect(try scene.redis.command("XGROUP", "DESTROY", "orders", "orders") == 1)
        try scene.receiver.waitUntil(timeout: .seconds(20)) { Set($0.acceptedBodies) == Set((0..<600).map(body)) }
        try scene.waitUntilSettled()
        // Each worker holds four times its concurrency at most.
        #expect(scene.receiver.ledger.duplicates <= 64)
    }

    @Test func `what was trimmed when its group was destroyed gets a dead letter`() throws {
        let scene = try scene { $0.text == body(99) ? .answer(200) : .answer(503) }
        scene.file.route.retry(attempts: 9, every: "1500ms")
        let ids = try scene.redis.add(numbers: 0..<5)
        try scene.run()
        try scene.receiver.waitFor(count: 5)
        try eventually("all wait") { try scene.redis.pending().map(\.deliveries) == [1, 1, 1, 1, 1] }
        let damage = [
            ["XGROUP", "DESTROY", "orders", "orders"], ["XTRIM", "orders", "MAXLEN", "=", "1"],
            ["XADD", "orders", "*", "n", "99"],
        ]
        _ = try scene.redis.pipeline(damage.map { $0.map { Array($0.utf8) } })
        try eventually("four dead letters") { try scene.redis.entries("{orders}:dead:orders").count == 4 }
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(letters.allSatisfy { $0[0] == Field("reason", "trimmed") })
        #expect(Set(letters.compactMap { $0.first { $0.name == "id" }?.text }) == Set(ids.prefix(4)))
        try scene.receiver.waitUntil { $0.acceptedBodies == [body(99)] }
    }

    @Test func `a stream that begins anew with lower ids is read from its beginning`() throws {
        let scene = try scene()
        let bridge = try scene.run()
        try scene.redis.command("XADD", "orders", "500-0", "n", "0")
        try scene.receiver.waitFor(count: 1)
        try scene.waitUntilSettled()
        let again = [["DEL", "orders"], ["XADD", "orders", "1-0", "n", "1"], ["XADD", "orders", "2-0", "n", "2"]]
        _ = try scene.redis.pipeline(again.map { $0.map { Array($0.utf8) } })
        try bridge.waitForLog("the consumer group was gone; made again")
        let ledger = try scene.receiver.waitFor(count: 3)
        #expect(Set(ledger.acceptedBodies) == [body(0), body(1), body(2)])
        try scene.waitUntilSettled()
    }

    @Test func `an instance whose endpoint is down leaves to others what it could not send`() throws {
        let scene = try scene { $0.path.hasSuffix("other") || $0.earlier > 0 ? .answer(200) : .answer(503) }
        let port = try RefusingPort()
        let url = scene.file.route.url
        scene.file.route.keys["concurrency"] = "4"
        scene.file.route.retry(attempts: 9, every: "2s")
        scene.file.route.url = "http://127.0.0.1:\(port.number)/"
        try scene.redis.add(numbers: 100..<140)
        let down = try scene.run(as: "a")
        try down.waitForLog("the endpoint is down")
        scene.file.route.url = url
        let dead = try scene.run(as: "b")
        try scene.redis.add(numbers: 0..<20)
        try eventually("they wait") {
            try scene.redis.pending().contains { $0.consumer == "b.1" }
                && Set(scene.receiver.ledger.map(\.text)).isSuperset(of: (10..<20).map(body))
        }
        try dead.crash()
        scene.file.route.url = "\(url)/other"
        let other = try scene.run(as: "c")
        try eventually("nothing is left of the dead one") {
            try scene.redis.pending().allSatisfy { $0.consumer == "a.1" }
        }
        #expect(down.logs("took over entries of a silent consumer") == [])
        // It had one read outstanding, which brought it eight at most.
        let left = try scene.redis.pending().count
        #expect(left <= 40 + 8)
        #expect(other.logs("took over entries of a silent consumer").count >= 1)
    }
}
