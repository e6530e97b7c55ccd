import TestSupport
import TestThreads
import Testing

/// `trim` of a route, and `stream trim --settled`.
@Suite(.serialized, .ownThreads) struct Trims {
    private let scene: Scene

    init() throws {
        scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.keys["claim_after"] = "1s"
        scene.file.route.webhook["timeout"] = "500ms"
    }

    private func length() throws -> Int64? { try scene.redis.command("XLEN", "orders").integer }

    /// Gives the first entries to the group `audit`, and has it settle all of them but one.
    ///
    /// - Returns: the id of that one.
    private func audit(_ count: Int, but kept: Int) throws -> String {
        let read = ["XREADGROUP", "GROUP", "audit", "a", "COUNT", "\(count)", "STREAMS", "orders", ">"]
        let reply = try scene.redis.command(read.map { Array($0.utf8) })
        let ids = reply.elements[0].elements[1].elements.compactMap(\.elements.first?.text)
        let words = ["XACK", "orders", "audit"] + ids.filter { $0 != ids[kept] }
        #expect(try scene.redis.command(words.map { Array($0.utf8) }).integer == Int64(count - 1))
        return ids[kept]
    }

    @Test func `what all groups have settled goes, and nothing else`() throws {
        scene.file.route.keys["trim"] = "{ keep: 100 }"
        try scene.redis.add(numbers: 0..<1000)
        #expect(try scene.redis.command("XGROUP", "CREATE", "orders", "audit", "0") == .simple("OK"))
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.receiver.waitFor(count: 1000, timeout: .seconds(30))
        try scene.waitUntilSettled()
        #expect(try length() == 1000)
        let kept = try audit(600, but: 350)
        try eventually("it is trimmed up to the pending one", timeout: .seconds(30)) { try length() == 700 }
        #expect(
            try scene.redis.command("XRANGE", "orders", "-", "+", "COUNT", "51").elements[50].elements[0].text == kept)
        try eventually("it is counted") { try admin.metric("entries_removed_total") == 300 }
        #expect(try admin.metric("entries_trimmed_unread_total") == 0)
        let live = try footbridge("check", "--live", "-c", scene.writeFile())
        #expect(
            live.output.contains(
                "  ok     trim of orders: up to 50 of 700 entries would go now; group audit holds what comes from \(kept) on: "
                    + "it has 1 pending\n"))
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `an endpoint that takes nothing loses nothing`() throws {
        let scene = try Scene { _ in .answer(503) }
        scene.file.route.keys["trim"] = "{ keep: 0 }"
        scene.file.route.keys["claim_after"] = "1s"
        scene.file.route.webhook["timeout"] = "500ms"
        try scene.redis.add(numbers: 0..<300)
        let bridge = try scene.run()
        let calls = { try scene.redis.command("INFO", "commandstats").text?.contains("cmdstat_xtrim:") == true }
        try eventually("it has tried to trim", timeout: .seconds(30)) { try calls() }
        #expect(try scene.redis.command("XLEN", "orders").integer == 300)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `where a right is missing, the log says which`() throws {
        scene.file.route.keys["trim"] = "{ keep: 0 }"
        let rules = ["ACL", "SETUSER", "bob", "on", ">secret", "~*", "&*", "+@all", "-xtrim"]
        #expect(try scene.redis.command(rules.map { Array($0.utf8) }) == .simple("OK"))
        scene.file.redis = "{ url: \"redis://bob:secret@127.0.0.1:\(scene.server.port)/0\" }"
        let live = try footbridge("check", "--live", "-c", scene.writeFile())
        #expect(live.output.contains("user bob may not call XTRIM; allow it: ACL SETUSER bob "))
        try scene.redis.add(numbers: 0..<3)
        let bridge = try scene.run()
        try eventually("it is told", timeout: .seconds(20)) { !bridge.logs("cannot trim").isEmpty }
        #expect(bridge.logs("cannot trim").first?.metadata["error"]?.hasSuffix("; its user needs +xtrim +time") == true)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `by hand only what is settled goes, with a dry run and a reason`() throws {
        try scene.redis.add(numbers: 0..<500)
        #expect(try scene.redis.command("XGROUP", "CREATE", "orders", "audit", "0") == .simple("OK"))
        let url = "redis://127.0.0.1:\(scene.server.port)"
        func trim(_ options: String...) throws -> CommandResult {
            try CommandResult(.footbridge(["stream", "trim", "orders", "--settled", "--redis", url] + options))
        }
        #expect(
            try trim("--dry-run").output == "orders: 0 of 500 entries would go; group audit has not read anything\n")
        let kept = try audit(300, but: 120)
        let held = "group audit holds what comes from \(kept) on: it has 1 pending\n"
        #expect(try trim("--dry-run").output == "orders: 120 of 500 entries would go; \(held)")
        #expect(try trim("--to", "450", "--dry-run").output == "orders: up to 50 of 500 entries would go; \(held)")
        #expect(try trim("--dry-run", "--json").output == #"{"stream":"orders","would_remove":120}"# + "\n")
        let few = try trim("--to", "450", "--yes")
        #expect(few.output == "0 removed\n" && few.error.contains("only whole nodes of Redis go"))
        #expect(try length() == 500)
        // Without a terminal nobody can be asked.
        #expect(try trim().exit == .status(64))
        #expect(try trim("--yes").output == "120 removed\n")
        #expect(try length() == 380)
        let nothing = try trim("--yes")
        #expect((nothing.output, nothing.error) == ("0 removed\n", held))
        for wrong in [["--approximate"], ["--to", "1", "--before", "0"]] {
            let words = ["stream", "trim", "orders", "--settled", "--redis", url] + wrong
            #expect(try CommandResult(.footbridge(words)).exit == .status(64))
        }
    }
}
