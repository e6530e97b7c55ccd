import TestSupport
import TestThreads
import Testing

/// Dead letters go to their own route once more, each in one step.
@Suite(.serialized, .ownThreads) struct Replays {
    private let dead = "{orders}:dead:orders"
    private let replay = "{orders}:replay:orders"

    /// A bridge whose receiver refuses everything but 0 until the gate opens; `count` letters.
    private func buried(_ count: Int, _ isMended: Gate, choice: ServerChoice = ServerChoice.allCases[0]) throws -> (
        Scene, [String]
    ) {
        let scene = try Scene(.init(choice: choice)) { request in
            request.text == body(0) || isMended.wait(timeout: .zero) ? .answer(200) : .answer(422, body: "no")
        }
        scene.file.route.retry(attempts: 2, every: "50ms", giveUp: "always")
        scene.file.route.keys["concurrency"] = "64"
        let ids = try scene.redis.add(numbers: 1...count)
        _ = try scene.run(as: "a")
        try eventually("all are buried", timeout: .seconds(30)) {
            try scene.redis.command("XLEN", dead) == .integer(Int64(count))
        }
        try scene.waitUntilSettled()
        return (scene, ids)
    }

    private func command(_ scene: Scene, _ words: String...) throws -> CommandResult {
        try CommandResult(.footbridge(words + ["-c", scene.directory.file("a.yaml")]))
    }

    @Test(arguments: ServerChoice.allCases)
    func `letters are delivered once more, once each, under their own ids, and leave nothing behind`(
        server: ServerChoice
    ) throws {
        let isMended = Gate()
        let (scene, ids) = try buried(40, isMended, choice: server)
        let refused = scene.receiver.ledger
        let listed = try command(scene, "dead", "list", "--route", "orders", "--status", "4xx", "--json")
        #expect(listed.exit == .status(0))
        #expect(listed.output.split(separator: "\n").count == 40)
        #expect(try command(scene, "dead", "list", "--status", "5xx").output == "")
        let one = try command(scene, "dead", "show", ids[6])
        #expect(one.output.contains("rejected: http_422") && one.output.hasSuffix("  n = 7\n"))
        let filtered = try command(scene, "dead", "replay", "--where", ".fields.n == \"7\"", "--dry-run")
        #expect(filtered.output == "would replay 1 dead letter to route orders\n")
        isMended.open()
        let result = try command(scene, "dead", "replay")
        #expect(result.output == "replayed 40 dead letters to route orders\n")
        #expect(result.exit == .status(0))
        try scene.receiver.waitUntil { $0.acceptedIDs.count == 40 }
        try scene.waitUntilSettled(scene.file.route)
        try eventually("what is settled is gone") { try scene.redis.command("XLEN", replay) == 0 }
        let accepted = scene.receiver.ledger.filter { $0.action.accepts }
        #expect(accepted.count == 40)
        func messages(_ requests: [ReceivedRequest]) -> [String: String?] {
            Dictionary(requests.map { ($0.text, $0["webhook-id"]) }, uniquingKeysWith: { first, _ in first })
        }
        #expect(messages(accepted) == messages(refused))
        #expect(refused.allSatisfy { $0["webhook-replay"] == nil })
        #expect(accepted.allSatisfy { $0["webhook-attempt"] == "1" })
        let letters = Set(
            listed.output.split(separator: "\n").compactMap { $0.split(separator: "\"").dropFirst(3).first })
        #expect(Set(accepted.compactMap { $0["webhook-replay"] }) == Set(letters.map(String.init)))
        #expect(try scene.redis.command("XLEN", dead) == 0)
        #expect(try scene.redis.command("XLEN", "orders") == 40)
    }

    @Test func `what was replayed is shown while it waits, and the empty stream goes with its connections`() throws {
        let isMended = Gate()
        let scene = try Scene { _ in isMended.wait(timeout: .zero) ? .answer(200) : .answer(422) }
        scene.file.route.retry(attempts: 2, every: "50ms", giveUp: "always")
        scene.file.route.keys["claim_after"] = "1800ms"
        scene.file.route.webhook["timeout"] = "900ms"
        try scene.redis.add(numbers: 0..<4)
        _ = try scene.run(as: "a")
        _ = try scene.run(as: "b")
        try eventually("all are buried") { try scene.redis.command("XLEN", dead) == 4 }
        try scene.waitUntilSettled()
        func clients() throws -> [Substring] {
            try #require(try scene.redis.command("CLIENT", "LIST").text).split(separator: "\n")
        }
        func connections() throws -> Int { try clients().count { !$0.contains("name=footbridge-cli") } }
        try eventually("both read, and listen") {
            try clients().count { $0.contains("cmd=xreadgroup") } == 2
                && clients().count { $0.contains("cmd=subscribe") } == 2
        }
        let usual = try connections()
        #expect(try command(scene, "pause", "orders").exit == .status(0))
        #expect(try command(scene, "dead", "replay").output == "replayed 4 dead letters to route orders\n")
        try eventually("both read it, and wait") { try connections() == usual + 2 }
        let status = try command(scene, "status")
        #expect(status.output.contains("0 + 4 replayed"))
        // Several rounds of both.
        letPass(.seconds(2))
        #expect(try scene.redis.command("XLEN", replay) == 4)
        isMended.open()
        #expect(try command(scene, "resume", "orders").exit == .status(0))
        try scene.receiver.waitUntil { $0.acceptedIDs.count == 4 }
        try eventually("it is gone", timeout: .patience) { try scene.redis.command("EXISTS", replay) == 0 }
        try eventually("and so are the connections") { try connections() == usual }
        letPass(.seconds(1))
        #expect(try scene.redis.command("EXISTS", replay) == 0)
        #expect(try command(scene, "replay", "orders", "--from", "0").output.hasPrefix("replayed 4 entries"))
        try scene.receiver.waitUntil { ledger in ledger.count { $0.action.accepts } == 8 }
        try eventually("it is gone again", timeout: .patience) { try scene.redis.command("EXISTS", replay) == 0 }
    }

    @Test func `what is added at the moment at which the empty stream goes is delivered`() throws {
        let scene = try Scene()
        // A round each 250 ms.
        scene.file.route.keys["claim_after"] = "1s"
        scene.file.route.webhook["timeout"] = "500ms"
        let ids = try scene.redis.add(numbers: 0..<60)
        let bridges = [try scene.run(as: "a"), try scene.run(as: "b")]
        try scene.waitUntilSettled()
        for (number, id) in ids.enumerated() {
            try scene.redis.add(
                [
                    Field("reason", "rejected: http_422"), Field("route", "orders"), Field("stream", "orders"),
                    Field("id", id), Field("field.n", "\(number)"),
                ], to: dead)
            #expect(try command(scene, "dead", "replay").output == "replayed 1 dead letter to route orders\n")
            try eventually("\(number) is delivered", timeout: .seconds(5)) {
                scene.receiver.ledger.count { $0["webhook-replay"] != nil } == number + 1
            }
            // Until just about the next round.
            if number % 3 == 0 { try eventually("it goes") { try scene.redis.command("EXISTS", replay) == 0 } }
            letPass(.milliseconds(number * 7 % 50))
        }
        let replayed = scene.receiver.ledger.filter { $0["webhook-replay"] != nil }
        #expect(Set(replayed.map(\.text)).count == 60 && replayed.count == 60)
        try eventually("nothing is left", timeout: .patience) { try scene.redis.command("EXISTS", replay) == 0 }
        for bridge in bridges { #expect(bridge.logs().filter { $0.level == "error" } == []) }
    }

    @Test func `what fails again is a letter of the same entry again, with the number of its replays`() throws {
        let (scene, ids) = try buried(1, Gate())
        for replays in 1...2 {
            #expect(try command(scene, "dead", "replay", ids[0]).exit == .status(0))
            try eventually("it is buried again") {
                try scene.redis.entries(dead).first?.contains(Field("replays", "\(replays)")) ?? false
            }
            let letter = try scene.redis.entries(dead)[0]
            #expect(letter.contains(Field("stream", "orders")) && letter.contains(Field("id", ids[0])))
            #expect(letter.last == Field("field.n", "1"))
            #expect(try scene.redis.command("XLEN", replay) == 0)
        }
    }

    @Test func `killed amid a replay and started again, the command loses nothing and moves nothing twice`() throws {
        let server = try RedisServer()
        let (redis, count) = (try server.probe(), 20_000)
        let fields = { (number: Int) in
            [
                "XADD", dead, "*", "reason", "rejected: http_422", "route", "orders", "stream", "orders", "id",
                "\(number)-0",
                "field.n", "\(number)",
            ].map { Array($0.utf8) }
        }
        for start in stride(from: 1, through: count, by: 1000) {
            _ = try redis.pipeline((start..<start + 1000).map(fields))
        }
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            """
            redis: { url: "\(server.url)" }
            routes:
              orders: { stream: orders, webhook: { url: "https://example.com" } }
            """, to: "bridge.yaml")
        for round in 1...3 {
            let command = try ChildProcess.footbridge(["dead", "replay", "-c", path])
            try eventually("it moves", timeout: .seconds(20)) {
                guard case .integer(let moved) = try redis.command("XLEN", replay) else { return false }
                return moved >= Int64(round * 3000)
            }
            command.signal(9)
            _ = try command.waitForExit()
            let left = try redis.command("XLEN", dead), moved = try redis.command("XLEN", replay)
            guard case (.integer(let some), .integer(let others)) = (left, moved) else {
                throw TestSupportError("no streams")
            }
            #expect(some > 0 && some + others == Int64(count))
        }
        let rest = try CommandResult(.footbridge(["dead", "replay", "-c", path]))
        #expect(rest.exit == .status(0))
        #expect(try redis.command("XLEN", dead) == 0)
        let ids = try redis.entries(replay).map { $0[1].text }
        #expect(ids.count == count && Set(ids).count == count)
    }

    @Test func `history comes again, and the group stays where it is`() throws {
        let scene = try Scene()
        let ids = try scene.redis.add(numbers: 0..<10)
        _ = try scene.run(as: "a")
        try scene.waitUntilSettled()
        let group = try scene.redis.command("XINFO", "GROUPS", "orders").elements[0]["last-delivered-id"]
        let dry = try command(scene, "replay", "orders", "--from", ids[2], "--to", ids[5], "--dry-run")
        #expect(dry.output == "would replay 4 entries of orders to route orders\n")
        let filter = ".fields.n != \"4\""
        let result = try command(scene, "replay", "orders", "--from", ids[2], "--to", ids[5], "--filter", filter)
        #expect(result.output == "replayed 3 entries of orders to route orders\n")
        try scene.receiver.waitFor(count: 13)
        try scene.waitUntilSettled()
        let again = scene.receiver.ledger.filter { $0["webhook-replay"] != nil }
        #expect(Set(again.map(\.text)) == [body(2), body(3), body(5)])
        #expect(Set(scene.receiver.ledger.acceptedIDs).count == 10)
        #expect(try scene.redis.command("XINFO", "GROUPS", "orders").elements[0]["last-delivered-id"] == group)
        try eventually("nothing is left") { try scene.redis.command("XLEN", replay) == 0 }
    }

    @Test func `letters of an earlier version are found, exported, and dropped`() throws {
        let scene = try Scene()
        for number in 1...3 {
            try scene.redis.add(
                [
                    Field("reason", "trimmed"), Field("route", number == 3 ? "gone" : "orders"),
                    Field("stream", "orders"),
                    Field("id", "\(number)-0"), Field("field.n", "\(number)"),
                ], to: "{orders}:dead")
        }
        scene.file.instance = "a"
        _ = try scene.writeFile()
        #expect(try command(scene, "status").output.contains("0 + 3 of before"))
        let lines = try command(scene, "dead", "export", "--entries").output
        #expect(lines == "{\"n\":\"1\"}\n{\"n\":\"2\"}\n{\"n\":\"3\"}\n")
        let result = try command(scene, "dead", "replay")
        #expect(result.exit == .status(65))
        #expect(result.output == "replayed 2 dead letters to route orders\n")
        #expect(
            result.error.contains("1 stays where it is: there is no route gone any more; --to gives them to another"))
        #expect(try command(scene, "dead", "drop").exit == .status(64))
        #expect(try command(scene, "dead", "drop", "--yes").output == "1 deleted\n")
        #expect(try command(scene, "dead", "show", "1-0").exit == .status(65))
    }

    @Test func `nothing but letters is dropped, whatever stream is named`() throws {
        let scene = try Scene()
        scene.file.instance = "a"
        _ = try scene.writeFile()
        let id = try scene.redis.add(numbers: 0..<1)[0]
        _ = try command(scene, "dead", "drop", id, "--in", "orders", "--yes")
        #expect(try scene.redis.command("XLEN", "orders") == 1)
    }
}
