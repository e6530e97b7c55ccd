import TestSupport
import TestThreads
import Testing

/// Receivers that say 200 and mean no, seen through by `accept.body`.
@Suite(.serialized, .ownThreads) struct AnswerBodies {
    private let yes = #"{"ok":true}"#
    private let no = #"{"ok":false,"error":"no_such_channel"}"#

    @Test func `what the body refuses is tried once more and is a dead letter, and all else is delivered`() throws {
        let scene = try Scene { [yes, no] in .answer(200, body: $0.text == body(3) ? no : yes) }
        scene.file.route.webhook["accept"] = "{ body: .ok }"
        try scene.redis.add(numbers: 0..<20)
        try scene.run()
        try scene.receiver.waitUntil { $0.count == 21 }
        // Something else has to be accepted before a message is given up.
        try scene.redis.add(numbers: [20])
        try scene.waitUntilSettled()
        let counts = Dictionary(grouping: scene.receiver.ledger, by: \.text).mapValues(\.count)
        var expected = Dictionary(uniqueKeysWithValues: (0...20).map { (body($0), 1) })
        expected[body(3)] = 2
        #expect(counts == expected)
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(letters.count == 1)
        for field in [
            Field("reason", "rejected: accept.body"), Field("status", "200"), Field("attempts", "2"),
            Field("response", no), Field("field.n", "3"),
        ] { #expect(letters.first?.contains(field) == true) }
    }

    @Test func `an outage behind 200 costs no entry`() throws {
        let isMended = Monitor(false)
        let scene = try Scene { [yes, no] _ in .answer(200, body: isMended.value ? yes : no) }
        scene.file.route.webhook["accept"] = "{ body: .ok }"
        scene.file.route.retry(attempts: 3, every: "50ms")
        try scene.redis.add(numbers: 0..<30)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint refuses everything")
        #expect(try scene.redis.unsettled() == 30)
        isMended.withLock { $0 = true }
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `the whole answer counts, and its head is in the dead letter`() throws {
        let filler = String(repeating: "x", count: 200_000)
        let scene = try Scene { [yes, no] request in
            .answer(200, body: "[\"\(filler)\",\(request.text == body(1) ? no : yes)]")
        }
        scene.file.route.webhook["accept"] = "{ body: '.[1].ok' }"
        scene.file.route.webhook["response_limit"] = "300KiB"
        try scene.redis.add(numbers: 0..<2)
        try scene.run()
        try scene.receiver.waitUntil { $0.count == 3 }
        try scene.redis.add(numbers: [2])
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.map(\.text).sorted() == [body(0), body(1), body(1), body(2)])
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(letters.map { $0.first { $0.name == "response" }?.value.count } == [4096])
    }

    @Test func `a trial says so`() throws {
        let scene = try Scene { [no] _ in .answer(200, body: no) }
        scene.file.route.webhook["accept"] = "{ body: .ok }"
        try scene.redis.add(numbers: [1])
        let result = try footbridge("try", "orders", "--send", "-c", scene.writeFile())
        #expect(result.output.contains("(200, with a body that is not accepted)"))
        #expect(result.output.contains("no_such_channel"))
        #expect(result.exit != .status(0))
    }
}
