import Foundation
import TestSupport
import TestThreads
import Testing

/// Requests that carry several entries.
@Suite(.serialized, .ownThreads) struct Batching {
    private func scene(
        _ batch: String = "{ max_entries: 50, max_wait: 200ms }", concurrency: Int = 4,
        script: @escaping ScriptedReceiver.Script = { _ in .answer(200) }
    ) throws -> Scene {
        let scene = try Scene(script: script)
        scene.file.route.webhook["batch"] = batch
        scene.file.route.keys["concurrency"] = "\(concurrency)"
        return scene
    }

    @Test func `what is there goes in full batches, and the rest when it has waited`() throws {
        let scene = try scene("{ max_entries: 50, max_wait: 1s }", concurrency: 1)
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        try scene.redis.add(numbers: 0..<530)
        let admin = try AdminProbe(scene.run())
        try scene.waitUntilSettled()
        let ledger = scene.receiver.ledger
        #expect(ledger.map { numbers($0).count } == Array(repeating: 50, count: 10) + [30])
        #expect(ledger.flatMap(numbers) == Array(0..<530))
        #expect(ledger[10].time - ledger[9].time >= .milliseconds(900))
        #expect(ledger.allSatisfy { $0["content-type"] == "application/json" && $0["webhook-attempt"] == "1" })
        #expect(Set(ledger.compactMap(\.id)).count == 11)
        #expect(try admin.metric("batches_total") == 11)
        #expect(try admin.metric("entries_delivered_total") == 530)
        #expect(try admin.metric("batches_split_total") == 0)
    }

    @Test func `lines of JSON, and no more bytes than the receiver takes`() throws {
        let scene = try scene("{ format: ndjson, max_entries: 1000, max_bytes: 1KiB, max_wait: 1s }")
        scene.file.route.webhook["body"] = "{ field: data }"
        // Each with its line break 100 bytes; one larger than all.
        let value = { (number: Int, bytes: Int) in
            "{\"n\":\(number),\n\"x\":\"" + String(repeating: "x", count: bytes - 14 - "\(number)".utf8.count) + "\"}"
        }
        for number in 0..<40 { try scene.redis.add([Field("data", value(number, number == 20 ? 5000 : 99))]) }
        try scene.redis.add([Field("data", "no JSON")])
        try scene.run()
        try scene.waitUntilSettled()
        let ledger = scene.receiver.ledger
        #expect(ledger.allSatisfy { $0["content-type"] == "application/x-ndjson" })
        #expect(ledger.filter { $0.body.count > 1024 }.map { $0.text.split(separator: "\n").count } == [1])
        let lines = ledger.flatMap { $0.text.split(separator: "\n", omittingEmptySubsequences: true) }
        #expect(
            lines.sorted() == (0..<40).map { value($0, $0 == 20 ? 5000 : 99).replacing("\n", with: " ")[...] }.sorted())
        #expect(ledger.count { $0.body.count == 1000 } >= 2)
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(letters.map { $0[0] } == [Field("reason", "malformed: is no JSON, and cannot be part of a batch")])
    }

    @Test func `a refused batch is halved until the refused entry stands alone`() throws {
        let bad: Set = [7, 170, 171]
        let scene = try scene { [self] in numbers($0).contains(where: bad.contains) ? .answer(422) : .answer(200) }
        try scene.redis.add(numbers: 0..<300)
        let bridge = try scene.run()
        let sent = try addMore(to: scene, from: 300, until: 3)
        let ledger = scene.receiver.ledger
        #expect(accepted(ledger).sorted() == (0..<sent).filter { !bad.contains($0) })
        let letters = try scene.redis.entries("{orders}:dead:orders")
        let buried = letters.compactMap { $0.last.map { String(decoding: $0.value, as: UTF8.self) } }
        #expect(buried.sorted() == bad.map(String.init).sorted())
        #expect(letters.allSatisfy { $0[0] == Field("reason", "rejected: http_422") })
        // From 50 to one in six steps, and alone until the receiver has shown that it takes others.
        #expect(ledger.count { !$0.action.accepts && numbers($0).count > 1 } <= 3 * 6)
        #expect(ledger.count { $0.action.accepts && numbers($0).allSatisfy { $0 < 300 } } <= 6 + 3 * 6)
        #expect(bridge.logs().filter { $0.message.contains("down") } == [])
    }

    /// The receiver stumbles over one entry, and says that the fault is its own.
    @Test func `an entry that makes the receiver fail takes nobody with it`() throws {
        let bad = 20
        let scene = try scene { [self] in numbers($0).contains(bad) ? .answer(500) : .answer(200) }
        scene.file.route.retry(attempts: 4, every: "300ms")
        try scene.redis.add(numbers: 0..<300)
        try scene.run()
        let sent = try addMore(to: scene, from: 300, until: 1)
        let ledger = scene.receiver.ledger
        #expect(accepted(ledger).sorted() == (0..<sent).filter { $0 != bad })
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(letters.map { $0.last } == [Field("field.n", "\(bad)")])
        #expect(letters.map { $0[0] } == [Field("reason", "exhausted: http_500")])
        let failed = ledger.filter { !$0.action.accepts }
        // 50, a quarter, and the last attempt alone.
        #expect(failed.map { numbers($0).count }.first == 50)
        #expect(failed.last.map(numbers) == [bad])
        #expect(failed.count <= 6)
    }

    /// Its companions were accepted after it had failed: that shows whose fault it is, although nothing comes later.
    @Test func `the same in a stream where nothing follows`() throws {
        let scene = try scene("{ max_entries: 20, max_wait: 50ms }") { [self] in
            numbers($0).contains(7) ? .answer(500) : .answer(200)
        }
        scene.file.route.retry(attempts: 3, every: "200ms")
        try scene.redis.add(numbers: 0..<20)
        try scene.run()
        try scene.waitUntilSettled()
        #expect(accepted(scene.receiver.ledger).sorted() == (0..<20).filter { $0 != 7 })
        #expect(try scene.redis.entries("{orders}:dead:orders").map { $0.last } == [Field("field.n", "7")])
        #expect(scene.receiver.ledger.filter { !$0.action.accepts }.last.map(numbers) == [7])
    }

    @Test(arguments: [400, 404, 503]) func `a receiver that takes nothing gets little, and all when it is mended`(
        status: Int
    ) throws {
        let isMended = Monitor(false)
        let scene = try scene { _ in isMended.value ? .answer(200) : .answer(status) }
        scene.file.route.retry(attempts: 3, every: "100ms")
        try scene.redis.add(numbers: 0..<2000)
        let bridge = try scene.run()
        try bridge.waitForLog(status == 503 ? "the endpoint is down: " : "the endpoint refuses everything: ")
        let refused = scene.receiver.ledger.count
        isMended.withLock { $0 = true }
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(accepted(scene.receiver.ledger).sorted() == Array(0..<2000))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
        #expect(refused <= 80)
    }

    @Test func `a batch that comes again unchanged has the same id, and a higher attempt`() throws {
        let scene = try scene { $0.earlier == 0 ? .answerAfter(.milliseconds(1), 429) : .answer(200) }
        try scene.redis.add(numbers: 0..<50)
        try scene.run()
        try scene.waitUntilSettled()
        let ledger = scene.receiver.ledger
        #expect(accepted(ledger).sorted() == Array(0..<50))
        let repeated = ledger.byID.values.filter { $0.count > 1 }
        #expect(repeated.allSatisfy { Set($0.map(\.text)).count == 1 && $0.attempts == ["1", "2"] })
    }

    /// As receivers of partial batches do: the answer names those that failed.
    @Test func `what an answer names as failed is sent again, alone at last, and the others are not`() throws {
        let scene = try scene { [self] request in
            let failed = numbers(request).filter { $0 == 13 || ($0 == 7 && (request["webhook-attempt"] ?? "") == "1") }
            let ids = failed.compactMap { number in self.id(of: number, in: request) }.map { "\"\($0)\"" }
            return .answer(200, body: "{\"failed\":[\(ids.joined(separator: ","))]}")
        }
        scene.file.route.webhook["body"] = "{ jq: '{ n: .fields.n, id }' }"
        scene.file.route.webhook["accept"] = "{ failed: .failed }"
        scene.file.route.retry(attempts: 3, every: "100ms")
        try scene.redis.add(numbers: 0..<100)
        try scene.run()
        let sent = try addMore(to: scene, from: 100, until: 1)
        let times = Dictionary(scene.receiver.ledger.flatMap(numbers).map { ($0, 1) }, uniquingKeysWith: +)
        // The last attempt is alone, and decides when the receiver has taken others after it.
        #expect(times.filter { $0.value > 1 }.keys.sorted() == [7, 13])
        #expect(times[7] == 2 && times[13] ?? 0 >= 3)
        #expect(times.count == sent)
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(
            letters.map { [$0[0], $0.last] } == [[Field("reason", "exhausted: accept.failed"), Field("field.n", "13")]])
        #expect(scene.receiver.ledger.filter { numbers($0).contains(13) }.last.map(numbers) == [13])
    }

    /// Whoever names entries by ids of its own means something that nobody here can tell.
    @Test func `an answer that names what was not sent accepts nothing`() throws {
        let scene = try scene { [self] request in
            .answer(200, body: numbers(request).contains(13) ? "{\"failed\":[\"row-13\"]}" : "{\"failed\":[]}")
        }
        scene.file.route.webhook["body"] = "{ jq: '{ n: .fields.n, id }' }"
        scene.file.route.webhook["accept"] = "{ failed: .failed }"
        scene.file.route.retry(attempts: 3, every: "100ms")
        try scene.redis.add(numbers: 0..<60)
        try scene.run()
        _ = try addMore(to: scene, from: 60, until: 1)
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(
            letters.map { [$0[0], $0.last] } == [[Field("reason", "rejected: accept.body"), Field("field.n", "13")]])
        let alone = scene.receiver.ledger.filter { numbers($0) != [13] && !numbers($0).contains(13) }
        #expect(Set(alone.flatMap(numbers)).isSuperset(of: Set(0..<60).subtracting([13])))
    }

    private func id(of number: Int, in request: ReceivedRequest) -> String? {
        let values = (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [[String: String]] ?? []
        return values.first { $0["n"] == "\(number)" }?["id"]
    }

    @Test func `restarted again and again, and killed, it loses nothing`() throws {
        let scene = try scene("{ max_entries: 20, max_wait: 20ms }", concurrency: 8) { _ in
            .answerAfter(.milliseconds(5), 200)
        }
        scene.file.route.keys["claim_after"] = "4s"
        try scene.redis.add(numbers: 0..<6000)
        for round in 1...6 {
            let bridge = try scene.run()
            try scene.receiver.waitFor(count: 20 * round)
            if round.isMultiple(of: 2) { try bridge.crash() } else { #expect(try bridge.stop() == .status(0)) }
        }
        try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(30))
        let all = accepted(scene.receiver.ledger)
        #expect(Set(all) == Set(0..<6000))
        // Of each that was killed what was in flight.
        #expect(all.count - 6000 <= 3 * 8 * 20)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `events in an array are read one by one by the SDK of CloudEvents`() throws {
        let scene = try Scene()
        scene.file.route.webhook["cloudevents"] = "{ mode: batch, type: { field: kind } }"
        scene.file.route.webhook["sign"] = "{ secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw }"
        for number in 0..<3 { try scene.redis.add([Field("kind", "order.created"), Field("n", "\(number)")]) }
        try scene.run()
        let requests = Array(try scene.receiver.waitFor(count: 1))
        #expect(requests[0]["content-type"] == "application/cloudevents-batch+json; charset=UTF-8")
        let events = try WebhookPeer.cloudevents.judge(requests).map { $0["value"] as? [NSDictionary] }
        let numbers = events.map { $0?.map { (($0["data"] as? NSDictionary)?["n"] as? String) ?? "" } }
        #expect(numbers == [["0", "1", "2"]])
        let ids = Set((events[0] ?? []).compactMap { ($0["attributes"] as? NSDictionary)?["id"] as? String })
        #expect(ids.count == 3 && ids.allSatisfy { $0.hasPrefix("msg_") })
        _ = try WebhookPeer.standardwebhooks.judge(requests, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        try scene.waitUntilSettled()
    }

    /// Goes on adding entries until there are so many dead letters, for only others show whose fault a refusal is.
    ///
    /// - Returns: how many entries there are in all.
    private func addMore(to scene: Scene, from first: Int, until letters: Int) throws -> Int {
        var count = first
        try eventually("\(letters) dead letters") {
            try scene.redis.add(numbers: [count])
            count += 1
            return try scene.redis.entries("{orders}:dead:orders").count == letters
        }
        try scene.waitUntilSettled()
        return count
    }

    /// The numbers of a request's entries.
    private func numbers(_ request: ReceivedRequest) -> [Int] {
        let values = (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [[String: String]] ?? []
        return values.compactMap { $0["n"].flatMap { Int($0) } }
    }

    private func accepted(_ ledger: [ReceivedRequest]) -> [Int] { ledger.filter(\.action.accepts).flatMap(numbers) }
}
