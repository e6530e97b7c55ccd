import Foundation
import Glibc
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Status {
    private func status(_ scene: Scene, _ arguments: String...) throws -> (exit: ChildProcess.Exit, output: String) {
        let process = try ChildProcess.footbridge(["status", "-c", scene.writeFile()] + arguments)
        return (try process.waitForExit(), process.output)
    }

    /// Cells of the lines, however wide the columns are.
    private func cells(_ text: String) -> [[String]] {
        text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    @Test func `it shows what waits, who has it, and how many were given up`() throws {
        let scene = try Scene { $0.text == body(0) ? .answer(400) : .answer(503) }
        // Entries wait for longer than the scenario lasts.
        scene.file.route.retry(attempts: 5, every: "1h", giveUp: "always")
        try scene.redis.add(numbers: 0..<3)
        try scene.run()
        try eventually("a dead letter, two wait") { try scene.redis.pending().count == 2 }
        // Another one of the group takes one of them.
        try scene.redis.add(numbers: 3..<6)
        // One of them came twice.
        try scene.receiver.waitFor(count: 7)
        let ids = try scene.redis.pending().map(\.id)
        try #require(ids.count == 5)
        try scene.redis.command("XCLAIM", "orders", "orders", "other", "0", ids[2], "JUSTID")

        let (exit, text) = try status(scene)
        #expect(exit == .status(0))
        // The bridge's own words stand before what Redis knows.
        let rows = Array(cells(text).drop { $0.dropFirst().first != "STREAM" })
        #expect(rows[0] == ["ROUTE", "STREAM", "LENGTH", "UNREAD", "PENDING", "OLDEST", "DEAD", "LETTERS"])
        #expect(Array(rows[1][..<5]) == ["orders", "orders", "6", "0", "5"])
        #expect(rows[1].last == "1")
        #expect(rows[2] == ["ROUTE", "STREAM", "CONSUMER", "STATE", "PENDING", "IDLE"])
        #expect(rows[3...].map { Array($0[2...4]) }.contains(["a.1", "alive", "4"]))
        #expect(rows[3...].map { Array($0[2...4]) }.contains(["other", "alive", "1"]))
    }

    @Test func `without a bridge it shows what was left`() throws {
        let scene = try Scene { _ in .answer(503) }
        scene.file.route.retry(attempts: 5, every: "1h")
        scene.file.route.keys["claim_after"] = "3s"
        scene.file.route.webhook["timeout"] = "1s"
        try scene.redis.add(numbers: 0..<3)
        let bridge = try scene.run()
        try eventually("all wait") { try scene.redis.pending().count == 3 }
        try scene.receiver.waitFor(count: 3)
        #expect(try bridge.stop() == .status(0))
        try scene.redis.command("XADD", "orders", "*", "n", "3")
        try scene.redis.command("XREADGROUP", "GROUP", "orders", "other", "STREAMS", "orders", ">")
        try scene.redis.add(numbers: 4..<6)

        let (exit, json) = try status(scene, "--json")
        #expect(exit == .status(0))
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: [[String: Any]]]
        let route = try #require(object?["routes"]?.first)
        #expect(route["claim_after_seconds"] as? Double == 3)
        let stream = try #require((route["streams"] as? [[String: Any]])?.first)
        for (key, value) in ["length": 6, "unread": 2, "pending": 4, "handed_over": 3, "dead_letters": 0] {
            #expect(stream[key] as? Int == value, "\(key)")
        }
        #expect(try #require(stream["oldest_pending_seconds"] as? Double) < 60)
        let consumers = try #require(stream["consumers"] as? [[String: Any]])
        #expect(consumers.map { $0["name"] as? String } == ["other"])
        #expect(consumers.map { $0["alive"] as? Bool } == [true])
        #expect(try cells(status(scene).output).last == ["orders", "orders", "none", "handed", "over", "3", "-"])
        try eventually("the other one is dead") {
            try cells(status(scene).output).contains { $0.starts(with: ["orders", "orders", "other", "dead", "1"]) }
        }
    }

    @Test func `a bridge whose Redis takes no reports is asked itself`() throws {
        let scene = try Scene()
        try scene.redis.add(numbers: 0..<3)
        let bridge = try scene.run()
        try eventually("reading") { try cells(status(scene).output)[1].starts(with: ["orders", "reading"]) }
        try Refusal.misconf.begin(scene)
        try eventually("it is not reading", timeout: .patience) {
            let text = try status(scene).output
            return text.contains("orders: waiting: stream orders: MISCONF ") && !text.contains("last heard of")
        }
        #expect(bridge.logs("cannot read").count == 1)
        try Refusal.misconf.end(scene)
        // One that says nothing for a second or two is told of from its report, and one that is gone is not.
        try eventually("reading") { try cells(status(scene).output)[1].starts(with: ["orders", "reading"]) }
        bridge.signal(SIGKILL)
        try eventually("its report runs out", timeout: .seconds(20)) {
            let rows = try cells(status(scene).output)
            return rows[1].starts(with: ["orders", "no", "report"])
        }
    }

    @Test func `what is not there yet is no error, what cannot work is, and so is Redis that is away`() throws {
        let scene = try Scene()
        let (exit, text) = try status(scene)
        #expect(exit == .status(0))
        #expect(cells(text)[1] == ["orders", "no", "report", "-", "-", "-", "-", "-", "0"])
        #expect(
            cells(text).drop { $0.dropFirst().first != "STREAM" }.dropFirst().first
                == ["orders", "orders", "0", "no", "group", "-", "-", "0"])
        // It made nothing.
        #expect(try scene.redis.command("EXISTS", "orders") == 0)

        #expect(try scene.redis.command("SET", "orders", "text") == .simple("OK"))
        let wrong = try ChildProcess.footbridge(["status", "-c", scene.writeFile()])
        #expect(try wrong.waitForExit() == .status(78))
        #expect(wrong.errorOutput.hasPrefix("footbridge: route orders, stream orders: WRONGTYPE "))
        #expect(try status(scene, "--json").exit == .status(78))

        try scene.server.kill()
        let away = try ChildProcess.footbridge(["status", "-c", scene.writeFile()])
        #expect(try away.waitForExit() == .status(69))
        #expect(away.errorOutput.contains("cannot reach Redis at 127.0.0.1:\(scene.server.port)"))
        #expect(away.output == "")
    }

    @Test func `a user who has only the rights of a bridge sees all but lengths`() throws {
        let scene = try Scene { _ in .answer(503) }
        scene.file.route.retry(attempts: 5, every: "1h")
        try scene.redis.add(numbers: 0..<2)
        try scene.run()
        try eventually("all wait") { try scene.redis.pending().count == 2 }
        let rule = try #require(
            try Repository.text("docs/configuration.md").split(separator: "\n")
                .first { $0.hasPrefix("ACL SETUSER footbridge on ") })
        let words = rule.split(separator: " ").map { Array($0.utf8) }
        #expect(try scene.redis.command(words) == .simple("OK"))
        scene.file.redis = "{ url: \"redis://footbridge:secret@127.0.0.1:\(scene.server.port)\" }"
        let (exit, text) = try status(scene)
        #expect(exit == .status(0))
        let rows = Array(cells(text).drop { $0.dropFirst().first != "STREAM" })
        #expect(Array(rows[1][..<5]) == ["orders", "orders", "?", "0", "2"])
        #expect(rows[1].last == "?")
        #expect(rows[3].starts(with: ["orders", "orders", "a.1", "alive", "2"]))
    }
}
