import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct HostileEntries {
    @Test func `an entry that is larger than what a listening connection may be owed is tried again`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.retry(attempts: 3, every: "100ms")
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.keys["claim_after"] = "20s"
        try scene.redis.add([Field("large", [UInt8](repeating: UInt8(ascii: "x"), count: 40 << 20))])
        let bridge = try scene.run()
        let ledger = try scene.receiver.waitFor(count: 2, timeout: .seconds(30))
        try scene.waitUntilSettled()
        #expect(ledger.attempts == ["1", "2"])
        #expect(bridge.logs("Redis is unreachable") == [])
    }

    @Test func `an entry of more fields than a reply may usually have is delivered`() throws {
        let scene = try Scene()
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.keys["claim_after"] = "20s"
        let names = 0..<530_000
        try scene.redis.add(names.map { Field("\($0)", "") })
        try scene.redis.add(numbers: [1])
        let bridge = try scene.run()
        let ledger = try scene.receiver.waitFor(count: 2, timeout: .seconds(30))
        try scene.waitUntilSettled()
        // Field by field, in their order.
        let whole = "{\(names.map { "\"\($0)\":\"\"" }.joined(separator: ","))}"
        let arrived = ledger.map { $0.text == whole ? "whole" : String($0.text.prefix(100)) }
        #expect(Set(arrived) == ["whole", body(1)])
        #expect(bridge.logs("Redis is unreachable") == [])
    }

    @Test func `large entries that are due at once come back a few at a time`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.retry(attempts: 3, every: "300ms")
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.keys["claim_after"] = "20s"
        let value = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        for number in 0..<30 { try scene.redis.add([Field("n", "\(number)"), Field("large", value)]) }
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 60, timeout: .seconds(30))
        try scene.waitUntilSettled()
        #expect(Set(ledger.byID.values.map(\.attempts)) == [["1", "2"]])
        #expect(Set(ledger.acceptedIDs).count == 30)
    }

    @Test func `an entry with the highest id there is waits, is handed over and is delivered like any other`() throws {
        let scene = try Scene { $0.earlier < 2 ? .answer(503) : .answer(200) }
        scene.file.route.retry(attempts: 9, every: "300ms")
        let highest = "\(UInt64.max)-\(UInt64.max)"
        #expect(try scene.redis.command("XADD", "orders", highest, "n", "1").text == highest)
        let first = try scene.run()
        try scene.receiver.waitFor(count: 1)
        try eventually("it waits") { try scene.redis.pending().map(\.id) == [highest] }
        #expect(try first.stop() == .status(0))
        #expect(try scene.redis.pending().map(\.consumer) == ["footbridge:released"])
        let second = try scene.run()
        try scene.receiver.waitUntil { $0.acceptedBodies == [body(1)] }
        try eventually("settled") { try scene.redis.pending() == [] }
        #expect(scene.receiver.ledger.attempts == ["1", "2", "3"])
        #expect(second.logs().filter { $0.level == "error" } == [])
        #expect(try second.stop() == .status(0))
    }

    @Test func `what JSON has no word for arrives as the reference says`() throws {
        let scene = try Scene()
        try scene.redis.add(
            [
                Field("raw", [0xff, 0x00, 0x0a]), Field("", ""), Field("again", "1"),
                Field("quote\"\\", "a\r\n\tb\u{1}"),
                Field("again", "2"), Field("again", [0x80]), Field("größe", "5 € 👟"), Field("nothing", ""),
            ])
        try scene.run()
        let request = try #require(try scene.receiver.waitFor(count: 1).first)
        try scene.waitUntilSettled()
        #expect(
            request.text == #"{"raw":{"$base64":"/wAK"},"":"","again":["1","2",{"$base64":"gA=="}],"#
                + #""quote\"\\":"a\r\n\tb\u0001","größe":"5 € 👟","nothing":""}"#)
    }

    @Test func `ten mebibytes arrive byte for byte, raw and as JSON`() throws {
        let bytes = (0..<10 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let scene = try Scene()
        scene.file.route.name = "json"
        var raw = scene.file.route
        raw.name = "raw"
        raw.url += "/raw"
        raw.webhook = ["body": "{ field: data }", "content_type": "application/octet-stream", "timeout": "5s"]
        scene.file.routes.append(raw)
        let id = try scene.redis.add([Field("kind", "big"), Field("data", bytes)])
        let bridge = try scene.run()
        let ledger = try scene.receiver.waitFor(count: 2)
        for route in scene.file.routes { try scene.waitUntilSettled(route) }
        let sent = Dictionary(uniqueKeysWithValues: ledger.map { ($0.path, $0.body) })
        let json = Array("{\"kind\":\"big\",\"data\":{\"$base64\":\"\(Data(bytes).base64EncodedString())\"}}".utf8)
        #expect(sent["/hooks/raw"] == bytes, "raw body of \(sent["/hooks/raw"]?.count ?? -1) bytes")
        #expect(sent["/hooks"] == json, "JSON body of \(sent["/hooks"]?.count ?? -1) bytes")
        #expect(ledger.allSatisfy { $0.id?.hasSuffix("_\(id)") == true })
        #expect(bridge.exit == nil)
    }

    @Test func `an entry without the field that is the body is dead-lettered and holds up nobody`() throws {
        let scene = try Scene()
        scene.file.route.webhook["body"] = "{ field: data }"
        scene.file.route.keys["concurrency"] = "1"
        for number in 0..<20 {
            try scene.redis.add([Field(number % 2 == 0 ? "data" : "other", "\(number)")])
        }
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 10)
        try scene.waitUntilSettled()
        #expect(ledger.map(\.text) == stride(from: 0, to: 20, by: 2).map(String.init))
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(letters.map(\.last) == stride(from: 1, to: 20, by: 2).map { Field("field.other", "\($0)") })
        #expect(letters.map(\.first) == Array(repeating: Field("reason", "malformed: no field \"data\""), count: 10))
    }

    @Test(arguments: [1000, 5000])
    func `an entry of many fields is dead-lettered with all of them`(count: Int) throws {
        let scene = try Scene { $0.text == body(1) ? .answer(200) : .answer(422) }
        let fields = (0..<count).map { Field("f\($0)", "v\($0)") }
        try scene.redis.add(fields)
        try scene.run()
        try scene.receiver.waitFor(count: 2)
        try scene.redis.add(numbers: [1])
        try scene.waitUntilSettled()
        let letters = try scene.redis.entries("{orders}:dead:orders")
        try #require(letters.count == 1)
        #expect(letters[0].suffix(count) == fields.map { Field("field.\($0.name)", $0.value) }[...])
        #expect(
            letters[0].dropLast(count).map(\.name) == [
                "reason", "status", "attempts", "route", "stream", "id", "first_at", "last_at",
            ])
    }

    @Test func `a stream whose name has spaces, braces and umlauts is a stream like any other`() throws {
        let scene = try Scene { $0.text == body(0) ? .answer(400) : .answer(200) }
        let name = "größe {eu} 1"
        scene.file.route.streams = [name]
        try scene.redis.add(numbers: [0], to: name)
        try scene.run()
        try scene.receiver.waitFor(count: 2)
        try scene.redis.add(numbers: [1], to: name)
        try scene.waitUntilSettled()
        #expect(try scene.redis.entries("\(name):dead:orders").map(\.last) == [Field("field.n", "0")])
    }
}
