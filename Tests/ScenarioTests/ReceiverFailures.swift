import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct ReceiverFailures {
    @Test func `whatever goes wrong with an answer, the message is sent again`() throws {
        let faults: [String: ReceiverAction] = [
            "no answer": .hang, "an end": .closeWithoutAnswer, "a reset": .reset, "half an answer": .halfAnswer(200),
            "no HTTP": .raw("220 mail.example.com ESMTP\r\n\r\n"),
            "a drip": .slow(200, body: "0123456789", pause: .milliseconds(20)),
            "server error": .answer(500), "slow down": .answer(429), "too early": .answer(425),
            "client timeout": .answer(408), "teapot": .answer(418), "an unknown status": .answer(799),
        ]
        let scene = try Scene { request in
            let fault = faults.first { request.text.contains("\"\($0.key)\"") }?.value
            return request.earlier == 0 ? fault ?? .answer(400) : .answer(200)
        }
        scene.file.route.webhook["timeout"] = "400ms"
        for fault in faults.keys { try scene.redis.add([Field("n", fault)]) }
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 2 * faults.count)
        try scene.waitUntilSettled()
        let attempts = Dictionary(grouping: ledger, by: \.text).mapValues(\.attempts)
        #expect(
            attempts == Dictionary(uniqueKeysWithValues: faults.keys.map { ("{\"n\":\"\($0)\"}", ["1", "2"]) }))
        #expect(scene.receiver.ledger.count == 2 * faults.count)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test(arguments: [ConnectionAction.reset, .close, .ignore])
    func `a connection that ends before the request is read is made again`(action: ConnectionAction) throws {
        let scene = try Scene(onConnect: { $0 == 0 ? action : .serve })
        scene.file.route.webhook["timeout"] = "400ms"
        try scene.redis.add(numbers: [1])
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 1)
        try scene.waitUntilSettled()
        #expect(ledger.attempts == ["2"])
        #expect(scene.receiver.connections == 2)
    }

    @Test func `a receiver that is down gets everything once it is up`() throws {
        let scene = try Scene()
        scene.receiver.stop()
        scene.file.level = "debug"
        scene.file.route.keys["concurrency"] = "8"
        try scene.redis.add(numbers: 0..<50)
        let bridge = try scene.run()
        try bridge.waitForOutput(containing: "connection refused", on: .error)
        #expect(try scene.redis.unsettled() == 50)
        try scene.receiver.start()
        let ledger = try scene.receiver.waitFor(count: 50)
        try scene.waitUntilSettled()
        #expect(Set(ledger.map(\.text)) == Set((0..<50).map(body)))
        #expect(scene.receiver.ledger.count == 50)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `an answer of 2xx counts, however long its body`() throws {
        let long = String(repeating: "x", count: 4 << 20)
        let scene = try Scene { _ in .answer(202, body: long) }
        scene.file.route.webhook["response_limit"] = "1KiB"
        scene.file.route.keys["concurrency"] = "2"
        try scene.redis.add(numbers: 0..<10)
        let bridge = try scene.run()
        let ledger = try scene.receiver.waitFor(count: 10)
        try scene.waitUntilSettled()
        #expect(Set(ledger.map(\.text)) == Set((0..<10).map(body)))
        #expect(try bridge.stop() == .status(0))
        #expect(scene.receiver.ledger.count == 10)
        #expect(bridge.logs("summary").map { $0.metadata["delivered"] } == ["10"])
    }

    @Test func `an answer of 204 counts, and so does one that announces the end of its connection`() throws {
        let scene = try Scene { request in
            request.text == body(0) ? .answer(204) : .raw("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nfine")
        }
        try scene.redis.add(numbers: [0, 1])
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 2)
        try scene.waitUntilSettled()
        #expect(ledger.attempts == ["1", "1"])
        #expect(scene.receiver.ledger.count == 2)
    }
}
