import Foundation
import TestSupport
import TestThreads
import Testing

/// `footbridge verify`: whether Redis' own figures leave room for an entry that is nowhere.
@Suite(.serialized, .ownThreads) struct Accounts {
    private func verify(_ scene: Scene, _ arguments: String...) throws -> CommandResult {
        try CommandResult(.footbridge(["verify", "-c", scene.writeFile()] + arguments))
    }

    private func row(_ scene: Scene) throws -> (exit: ChildProcess.Exit, [String: Any]) {
        let result = try verify(scene, "--json")
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: [[String: Any]]]
        return (result.exit, try #require(object?["rows"]?.first))
    }

    @Test func `settled, pending, unread and buried entries are all there is, and what is trimmed is missed`() throws {
        let scene = try Scene { $0.text == body(1) ? .answer(422) : .answer(200) }
        #expect(try verify(scene).exit == .status(0))
        try scene.redis.add(numbers: 0..<700)
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        var (exit, books) = try row(scene)
        #expect(exit == .status(0))
        for (key, value) in ["added": 700, "read": 700, "settled": 700, "pending": 0, "unread": 0, "dead_letters": 1] {
            #expect(books[key] as? Int == value, "\(key)")
        }
        #expect(try bridge.stop() == .status(0))
        let admin = try scene.redis.command(
            "XREADGROUP", "GROUP", "orders", "other", "COUNT", "1", "STREAMS", "orders", ">")
        #expect(admin == .null)

        try scene.redis.add(numbers: 700..<1900)
        try scene.redis.command("XREADGROUP", "GROUP", "orders", "other", "COUNT", "300", "STREAMS", "orders", ">")
        (exit, books) = try row(scene)
        #expect(exit == .status(0))
        for (key, value) in ["read": 1000, "settled": 700, "pending": 300, "unread": 900, "gone_unread": 0] {
            #expect(books[key] as? Int == value, "\(key)")
        }
        #expect(try verify(scene).output.contains("closes"))

        // Fifty of the unread, all pending and all settled ones leave the stream.
        try scene.redis.command("XTRIM", "orders", "MAXLEN", "=", "850")
        (exit, books) = try row(scene)
        #expect(exit == .status(1))
        #expect(books["books"] as? String == "does not close")
        for (key, value) in ["gone_unread": 50, "gone_pending": 300, "unread": 850] {
            #expect(books[key] as? Int == value, "\(key)")
        }
        #expect(try verify(scene, "nosuch").exit == .status(64))
        try scene.server.kill()
        #expect(try verify(scene).exit == .status(69))
    }

    /// What a bridge counts itself, and what Redis knows, over three lives: read, and left by an earlier life, is settled or pending.
    @Test func `what a bridge has read is settled or pending, whatever fails and however it ends`() throws {
        let isMended = Gate()
        let scene = try Scene { request in
            let number = Int(request.text.filter(\.isNumber)) ?? 0
            if number % 10 == 0 { return .answer(422) }
            if number % 11 == 0, !isMended.wait(timeout: .zero) { return .answer(503) }
            return number % 7 == 0 && request["webhook-attempt"] == "1" ? .answer(503) : .answer(200)
        }
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.keys["filter"] = "'.fields.n | tonumber % 13 != 0'"
        scene.file.route.retry(attempts: 100_000, every: "100ms")
        // By whole numbers: those that wait for a receiver that is mended are multiples of 11 alone.
        func isFiltered(_ number: Int) -> Bool { number % 13 == 0 }
        func isDead(_ number: Int) -> Bool { !isFiltered(number) && number % 10 == 0 }
        func isHeld(_ number: Int) -> Bool { !isFiltered(number) && number % 10 != 0 && number % 11 == 0 }
        func count(_ numbers: Range<Int>, _ property: (Int) -> Bool) -> Double {
            Double(numbers.count(where: property))
        }

        /// - Parameter pending: of entries as numerous as these.
        func expectBalance(_ admin: AdminProbe, added: Int, pending: Double, left: Double) throws {
            try eventually("\(pending) are pending", timeout: .seconds(30)) {
                let unsettled = try scene.redis.unsettled()
                return unsettled == Int64(pending)
            }
            let names = ["delivered", "filtered", "dead_lettered"]
            try eventually("read is settled and pending", timeout: .seconds(20)) {
                let metrics = try admin.metrics()
                func value(_ name: String) -> Double {
                    metrics["footbridge_entries_\(name)_total{route=\"orders\"}"] ?? -1
                }
                let held = metrics[
                    "footbridge_stream_pending_entries{route=\"orders\",stream=\"orders\",group=\"orders\"}"]
                let settled = names.map(value).reduce(0, +)
                let had = value("read") + value("resumed") + value("taken_over")
                return held == pending && value("resumed") + value("taken_over") == left && had == settled + pending
            }
            let (exit, books) = try row(scene)
            #expect(exit == .status(0))
            #expect(books["read"] as? Int == added)
            #expect(books["settled"] as? Int == added - Int(pending))
            #expect(books["pending"] as? Int == Int(pending))
        }

        try scene.redis.add(numbers: 0..<500)
        let first = try scene.run()
        var admin = try AdminProbe(first)
        let held = count(0..<500, isHeld)
        try expectBalance(admin, added: 500, pending: held, left: 0)
        #expect(try admin.metric("entries_filtered_total") == count(0..<500, isFiltered))
        #expect(try admin.metric("entries_dead_lettered_total") == count(0..<500, isDead))

        // It ends as an operator ends it, and hands over what it holds.
        #expect(try first.stop() == .status(0))
        try scene.redis.add(numbers: 500..<1000)
        let second = try scene.run()
        admin = try AdminProbe(second)
        try expectBalance(admin, added: 1000, pending: count(0..<1000, isHeld), left: held)

        // It crashes.
        try second.crash()
        try scene.redis.add(numbers: 1000..<1500)
        isMended.open()
        admin = try AdminProbe(scene.run())
        try expectBalance(admin, added: 1500, pending: 0, left: count(0..<1000, isHeld))
        #expect(try scene.redis.command("XLEN", "{orders}:dead:orders").integer == Int64(count(0..<1500, isDead)))
        let sent = Set(scene.receiver.ledger.acceptedBodies)
        #expect(sent == Set((0..<1500).filter { !isFiltered($0) && !isDead($0) }.map(body)))
    }
}
