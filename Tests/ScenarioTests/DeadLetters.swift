import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct DeadLetters {
    private let dead = "{orders}:dead:orders"

    /// What a dead letter says of the entry's end, the two times apart.
    private func report(_ letter: [Field]) throws -> (fields: [Field], times: [Date]) {
        let timed = letter.filter { ["first_at", "last_at"].contains($0.name) }
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return (letter.filter { !timed.contains($0) }, try timed.map { try Date($0.text, strategy: format) })
    }

    @Test(arguments: [400, 413, 422], ServerChoice.allCases)
    func `a message that is refused twice while another is accepted is dead-lettered at once, byte for byte`(
        status: Int, server: ServerChoice
    ) throws {
        let isOtherAccepted = Gate()
        let scene = try Scene(.init(choice: server)) { request in
            if request.text == body(1) { return .answer(200) }
            if request.earlier > 0 { _ = isOtherAccepted.wait(timeout: .seconds(9)) }
            return .answer(status, body: "no, thanks")
        }
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.keys["claim_after"] = "20s"
        let own = [
            Field("sku", "a-1"), Field("raw", [0xff, 0x00, 0x0d, 0x0a]), Field("sku", "again"), Field("", ""),
            Field("reason", "my own"),
        ]
        let before = Date.now
        let id = try scene.redis.add(own)
        let bridge = try scene.run()
        // The first request is answered; the second is on its way.
        try eventually("one is refused") { scene.receiver.connections == 2 }
        try scene.redis.add(numbers: [1])
        try scene.receiver.waitUntil { $0.acceptedBodies == [body(1)] }
        try eventually("it is settled") { try scene.redis.pending().map(\.id) == [id] }
        isOtherAccepted.open()
        try eventually("a dead letter") { try scene.redis.entries(dead).count == 1 }
        try scene.waitUntilSettled()
        let letter = try report(try scene.redis.entries(dead)[0])
        #expect(
            letter.fields == [
                Field("reason", "rejected: http_\(status)"), Field("status", "\(status)"), Field("attempts", "2"),
                Field("route", "orders"), Field("stream", "orders"), Field("id", id),
                Field("response", "no, thanks"),
            ] + own.map { Field("field.\($0.name)", $0.value) })
        try #require(letter.times.count == 2)
        #expect(before.addingTimeInterval(-0.001) <= letter.times[0])
        #expect(letter.times[0] <= letter.times[1])
        #expect(letter.times[1] <= Date.now)
        #expect(try bridge.stop() == .status(0))
        let refused = scene.receiver.ledger.filter { !$0.action.accepts }
        #expect(refused.attempts == ["1", "2"])
        #expect(Set(refused.map(\.connection)).count == 2)
        #expect(bridge.logs("summary").map { $0.metadata["dead"] } == ["1"])
        #expect(bridge.logs("summary").map { $0.metadata["retried"] } == ["1"])
    }

    @Test func `a message that is refused is not given up by a receiver that takes nothing else`() throws {
        let isMended = Gate()
        let scene = try Scene { _ in isMended.wait(timeout: .zero) ? .answer(200) : .answer(422) }
        scene.file.route.retry(attempts: 2, every: "50ms")
        try scene.redis.add(numbers: [1])
        try scene.run()
        try scene.receiver.waitFor(count: 5)
        #expect(try scene.redis.command("EXISTS", dead) == 0)
        isMended.open()
        try scene.waitUntilSettled()
        let ledger = scene.receiver.ledger
        #expect(ledger.attempts == (1...ledger.count).map(String.init))
        #expect(ledger.acceptedBodies == [body(1)])
        #expect(try scene.redis.command("EXISTS", dead) == 0)
    }

    @Test(arguments: [false, true])
    func `an entry that is trimmed while it waits gets a dead letter that says so`(byAnother: Bool) throws {
        let scene = try Scene { $0.text == body(3) ? .answer(200) : .answer(503) }
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        scene.file.route.retry(attempts: 5, every: byAnother ? "1h" : "300ms")
        scene.file.route.keys["concurrency"] = "4"
        let ids = try scene.redis.add(numbers: [1, 2])
        let owner = try scene.run(as: "a")
        try scene.receiver.waitFor(count: 2)
        try eventually("attempts are counted") { try scene.redis.pending().map(\.deliveries) == [1, 1] }
        if byAnother { try owner.crash() }
        #expect(try scene.redis.command("XTRIM", "orders", "MAXLEN", "=", "0") == 2)
        if byAnother { _ = try scene.run(as: "b") }
        try eventually("two dead letters") { try scene.redis.entries(dead).count == 2 }
        try scene.redis.add(numbers: [3])
        try scene.waitUntilSettled()
        let letters = try scene.redis.entries(dead).map { try report($0).fields }
        #expect(
            letters.sorted { $0.description < $1.description }
                == ids.map { id in
                    [
                        Field("reason", "trimmed"), Field("attempts", "1"), Field("route", "orders"),
                        Field("stream", "orders"), Field("id", id),
                    ]
                })
    }

    @Test func `an entry that is trimmed while its dead letter cannot be written gets one that says so`() throws {
        let scene = try Scene()
        scene.file.route.webhook["body"] = "{ field: data }"
        #expect(try scene.redis.command("SET", dead, "text") == .simple("OK"))
        let id = try scene.redis.add([Field("other", "1")])
        let bridge = try scene.run()
        try bridge.waitForLog("dead letters cannot be written; their entries are kept")
        #expect(try scene.redis.command("XTRIM", "orders", "MAXLEN", "=", "0") == 1)
        try scene.redis.command("DEL", dead)
        try eventually("a dead letter", timeout: .seconds(12)) { try scene.redis.entries(dead).count == 1 }
        try scene.waitUntilSettled()
        #expect(try scene.redis.entries(dead)[0].contains(Field("reason", "trimmed")))
        #expect(try scene.redis.entries(dead)[0].contains(Field("id", id)))
    }

    @Test func `a message that fails too often is dead-lettered with its last answer`() throws {
        let scene = try Scene { $0.text == body(1) ? .answer(500, body: "sorry, \($0.earlier)") : .answer(200) }
        scene.file.route.retry(attempts: 3, every: "800ms")
        let id = try scene.redis.add([Field("n", "1")])
        try scene.run()
        // Another one is accepted between its failures.
        try scene.receiver.waitFor(count: 2)
        try scene.redis.add(numbers: [2])
        try eventually("a dead letter") { try scene.redis.entries(dead).count == 1 }
        try scene.waitUntilSettled()
        let letter = try report(try scene.redis.entries(dead)[0])
        #expect(
            letter.fields == [
                Field("reason", "exhausted: http_500"), Field("status", "500"), Field("attempts", "3"),
                Field("route", "orders"), Field("stream", "orders"), Field("id", id), Field("response", "sorry, 2"),
                Field("field.n", "1"),
            ])
        #expect(letter.times[1].timeIntervalSince(letter.times[0]) >= 1)
        #expect(scene.receiver.ledger.filter { $0.text == body(1) }.attempts == ["1", "2", "3"])
    }

    @Test func `a message that is never answered is dead-lettered without status and response`() throws {
        let scene = try Scene { $0.text == body(1) ? .hang : .answer(200) }
        scene.file.route.webhook["timeout"] = "200ms"
        scene.file.route.retry(attempts: 3, every: "800ms")
        let id = try scene.redis.add([Field("n", "1")])
        try scene.run()
        try scene.receiver.waitFor(count: 2)
        try scene.redis.add(numbers: [2])
        try eventually("a dead letter") { try scene.redis.entries(dead).count == 1 }
        #expect(
            try report(try scene.redis.entries(dead)[0]).fields == [
                Field("reason", "exhausted: timeout"), Field("attempts", "3"), Field("route", "orders"),
                Field("stream", "orders"), Field("id", id), Field("field.n", "1"),
            ])
    }

    @Test func `with dead letters off a refused message is dropped, counted and logged`() throws {
        let scene = try Scene { _ in .answer(400) }
        scene.file.route.keys["dead_letter"] = "false"
        scene.file.route.retry(attempts: 5, every: "50ms", giveUp: "always")
        let id = try scene.redis.add([Field("n", "1")])
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 2)
        try scene.waitUntilSettled()
        #expect(try bridge.stop() == .status(0))
        #expect(scene.receiver.ledger.attempts == ["1", "2"])
        #expect(try scene.redis.command("KEYS", "*") == ["orders"])
        let dropped = bridge.logs("entry dropped: the dead letter is off")
        #expect(dropped.map { $0.metadata["entry"] } == [id])
        #expect(bridge.logs("summary").map { $0.metadata["dead"] } == ["1"])
    }

    @Test func `a dead letter that cannot be written is kept, said once, holds up nobody, and is written later`() throws
    {
        let scene = try Scene { $0.text == body(0) ? .answer(400) : .answer(200) }
        #expect(try scene.redis.command("SET", dead, "not a stream") == .simple("OK"))
        scene.file.route.retry(attempts: 5, every: "50ms", giveUp: "always")
        let id = try scene.redis.add(numbers: [0])[0]
        let bridge = try scene.run()
        try bridge.waitForLog("dead letters cannot be written; their entries are kept")
        for round in 0..<5 {
            try scene.redis.add(numbers: (1 + 20 * round)..<(21 + 20 * round))
            try scene.receiver.waitUntil { $0.acceptedIDs.count == 20 * (round + 1) }
            try eventually("only the refused message is pending") {
                try scene.redis.pending().map(\.id) == [id]
            }
        }
        try scene.redis.command("DEL", dead)
        try eventually("a dead letter") { try scene.redis.entries(dead).count == 1 }
        try scene.waitUntilSettled()
        #expect(try scene.redis.entries(dead)[0].last == Field("field.n", "0"))
        try bridge.waitForLog("dead letters are written again")
        #expect(bridge.logs().filter { $0.level == "error" }.map(\.message).count == 1)
        #expect(scene.receiver.ledger.filter { $0.text == body(0) }.attempts == ["1", "2"])
    }

    /// Both look the same to the bridge: the entry is pending no more.
    @Test(arguments: [true, false])
    func
        `a letter whose answer was lost is counted as dead and written once, whether it came through or its consumer was removed`(
            arrives: Bool
        ) throws
    {
        let scene = try Scene { $0.text == body(0) ? .answer(400) : .answer(200) }
        let (port, dead, isCut) = (scene.server.port, dead, Monitor(false))
        let probe = try scene.server.probe()
        // Cuts the connection that buries something when it is buried, before the answer comes through.
        let relay = try StreamServer { client in
            let server = try StreamSocket.connected(port: port)
            let isSilent = Gate()
            Thread.detachNewThread {
                while let bytes = try? server.receive(), !bytes.isEmpty, !isSilent.wait(timeout: .zero) {
                    guard (try? client.send(bytes)) != nil else { break }
                }
                client.end()
            }
            defer { server.shutDown() }
            while true {
                let bytes = try client.receive()
                if bytes.isEmpty { return }
                let buries = String(decoding: bytes, as: UTF8.self).contains("redis.call('XADD', KEYS[2]")
                let cuts = isCut.withLock { isDone in
                    defer { isDone = isDone || buries }
                    return buries && !isDone
                }
                if cuts { isSilent.open() }
                if cuts, !arrives {
                    try probe.command("XGROUP", "DELCONSUMER", "orders", "orders", "a.1")
                    return
                }
                try server.sendAll(bytes)
                guard cuts else { continue }
                try eventually("it is buried") { try probe.entries(dead).count == 1 }
                return
            }
        }
        scene.file.redis = "{ url: \"redis://127.0.0.1:\(relay.port)\" }"
        try scene.redis.add(numbers: [0, 1, 2])
        let bridge = try scene.run(as: "a")
        try bridge.waitForLog("connected to Redis")
        var count = 3
        try eventually("it was cut") {
            // Only what is accepted after the refusal shows whose fault it is.
            try scene.redis.add(numbers: [count])
            count += 1
            return isCut.value
        }
        try eventually("it is told") { bridge.toldLetters == 1 }
        try scene.waitUntilSettled()
        #expect(try bridge.stop() == .status(0))
        #expect(try scene.redis.entries(dead).count == 1)
        #expect(bridge.logs("summary").map { $0.metadata["dead"] } == ["1"])
        #expect(bridge.logs("entries are not ours any more") == [])
    }
}
