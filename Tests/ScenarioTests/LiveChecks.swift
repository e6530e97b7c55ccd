import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct LiveChecks {
    private let scene: Scene

    init() throws { scene = try Scene() }

    private func check() throws -> CommandResult { try footbridge("check", "--live", "-c", scene.writeFile()) }

    /// A user with these rules, who is then the configuration's.
    private func useUser(_ rules: String...) throws {
        let words = ["ACL", "SETUSER", "bob", "on", ">secret"] + rules
        #expect(try scene.redis.command(words.map { Array($0.utf8) }) == .simple("OK"))
        scene.file.redis = "{ url: \"redis://bob:secret@127.0.0.1:\(scene.server.port)/0\" }"
    }

    @Test(arguments: ["+@all", "-acl"])
    func `what a rate takes that instances share is looked at, too`(acl: String) throws {
        scene.file.route.keys["rate"] = "{ limit: 10/s, scope: cluster }"
        try useUser("~orders", "~{orders}:dead:orders", "+@all", acl, "-time")
        #expect(
            try check().output.contains(
                "user bob may not call TIME and may not use the keys of EVAL, GET, SET; "
                    + "allow it: ACL SETUSER bob ~orders ~{orders}:dead:orders ~footbridge:rate:* +time\n"))
        #expect(try scene.redis.command("KEYS", "footbridge:*") == [])
        try useUser("~footbridge:rate:*", "+time")
        #expect(try check().output.contains("route orders: user bob may do all that is needed"))
    }

    @Test(arguments: ["+acl", "+acl|whoami", "+acl|dryrun"], ["+xlen", "-xlen"])
    func `what a user may not do is an error with its cure, whatever else may be asked`(acl: String, xlen: String)
        throws
    {
        try scene.redis.add(numbers: [1])
        try useUser("~orders", "+xinfo", "+xpending", "+xack", "+xclaim", "+xreadgroup", "+eval", "+xadd", acl, xlen)
        let result = try check()
        #expect(result.exit == .status(78))
        let errors = result.output.split(separator: "\n").filter { $0.hasPrefix("  error") }
        let expected = """
              error  route orders: user bob may not call XRANGE, XGROUP CREATE, XGROUP CREATECONSUMER, XGROUP DELCONSUMER \
            and may not use the keys of EVAL, XADD; allow it: ACL SETUSER bob ~orders ~{orders}:dead:orders +xrange \
            +xgroup|create +xgroup|createconsumer +xgroup|delconsumer
            """
        #expect(errors.map(String.init) == [expected])
        #expect(result.output.contains("\n  note   group orders does not exist on orders: "))
        #expect(!result.output.contains("not a stream"))
        // Trying commands leaves nothing behind.
        #expect(try scene.redis.command("XINFO", "GROUPS", "orders") == [])
        #expect(try scene.redis.command("KEYS", "*").elements.count == 1)
        #expect(try scene.redis.entries("orders").count == 1)
    }

    @Test func `a stream that may not be looked at is not said to be missing`() throws {
        try scene.redis.add(numbers: [1])
        try useUser("~other", "+@all")
        let result = try check()
        #expect(result.exit == .status(78))
        #expect(result.output.contains("\n  note   stream orders is not looked at: NOPERM "))
        #expect(!result.output.contains("does not exist"))
    }

    @Test func `a dead-letter stream of another type is found before the stream exists`() throws {
        #expect(try scene.redis.command("SET", "{orders}:dead:orders", "text") == .simple("OK"))
        let result = try check()
        #expect(result.exit == .status(78))
        #expect(result.output.contains("\n  note   stream orders does not exist: the next start makes it"))
        #expect(
            result.output.contains(
                "\n  error  {orders}:dead:orders is a string, not a stream; dead letters cannot be written\n"))
    }

    @Test func `dead letters that are off are a warning before the stream exists`() throws {
        scene.file.route.keys["dead_letter"] = "false"
        let result = try check()
        #expect(result.exit == .status(0))
        #expect(result.output.contains("\n  warn   route orders drops what cannot be delivered: dead_letter is off\n"))
    }

    @Test func `what is said of a missing group is what the next start does`() throws {
        scene.file.route.keys["start"] = "new"
        try scene.redis.add(numbers: 0..<3)
        let before = try check()
        #expect(before.exit == .status(0))
        let end = "(start: new), without the 3 entries there; a running bridge makes it again where it stood\n"
        #expect(
            before.output.contains("\n  warn   group orders does not exist on orders: ") && before.output.contains(end))
        try scene.run()
        try eventually("the group is made") { try scene.redis.unsettled() == 0 }
        try scene.redis.add(numbers: [3])
        try scene.receiver.waitFor(count: 1)
        #expect(scene.receiver.ledger.map(\.text) == [body(3)])
        #expect(try !check().output.contains("does not exist"))
    }

    @Test func `a silent consumer with one entry`() throws {
        try scene.redis.add(numbers: [1])
        scene.file.route.keys["claim_after"] = "100ms"
        scene.file.route.webhook = ["timeout": "50ms"]
        #expect(try scene.redis.command("XGROUP", "CREATE", "orders", "orders", "0") == .simple("OK"))
        try scene.redis.command("XREADGROUP", "GROUP", "orders", "gone.0", "STREAMS", "orders", ">")
        let text =
            "\n  warn   consumer gone.0 is silent and holds 1 entry of orders; a running bridge takes them over\n"
        try eventually("silent for long enough") { try check().output.contains(text) }
    }

    @Test func `consumers of other programs are told apart, and those that only say something are not counted`() throws
    {
        try scene.redis.add(numbers: [1])
        scene.file.route.keys["claim_after"] = "100ms"
        scene.file.route.webhook = ["timeout": "50ms"]
        for words in [
            ["XGROUP", "CREATE", "orders", "orders", "0"],
            ["XGROUP", "CREATECONSUMER", "orders", "orders", "footbridge:group:1@0-0"],
            ["XGROUP", "CREATECONSUMER", "orders", "orders", "footbridge:released"],
            ["XREADGROUP", "GROUP", "orders", "theirs", "STREAMS", "orders", ">"],
        ] { try scene.redis.command(words.map { Array($0.utf8) }) }
        let text =
            "\n  warn   consumer theirs is silent and holds 1 entry of orders; it belongs to another program: "
            + "set `take_over: all` to take them over\n"
        try eventually("silent for long enough") { try check().output.contains(text) }
        #expect(try check().output.contains("0 unread, 1 pending, 1 consumer\n"))
        scene.file.route.keys["take_over"] = "all"
        #expect(try check().output.contains("holds 1 entry of orders; a running bridge takes them over\n"))
    }

    @Test func `ids that are no times are told, and whom it concerns`() throws {
        try scene.redis.command("XADD", "orders", "7-1", "n", "1")
        #expect(
            try check().output.contains(
                "\n  note   ids of orders, such as 7-1, are not times: its age is unknown to status and metrics\n"))
        scene.file.route.keys["retry"] = "{ max_age: 1h }"
        let warning =
            "are not times: its age is unknown to status and metrics, and max_age counts from the first attempt\n"
        #expect(try check().output.contains(warning))
    }

    @Test(arguments: [
        ("redis://bob:wrong@127.0.0.1:PORT", "WRONGPASS "),
        ("redis://127.0.0.1:PORT/99", "ERR DB index is out of range"),
    ])
    func `a Redis that refuses is not one that is away`(url: String, words: String) throws {
        let url = url.replacing("PORT", with: "\(scene.server.port)")
        scene.file.redis = "{ url: \"\(url)\" }"
        for result in [try check(), try footbridge("send", "--redis", url, "orders", "n=1")] {
            #expect(result.exit == .status(78))
            #expect(result.error.hasPrefix("footbridge: Redis at 127.0.0.1:\(scene.server.port) refuses: \(words)"))
        }
    }

    @Test func `a Redis that wants a password, and a replica`() throws {
        let locked = try RedisServer(.init(password: "secret"))
        let result = try footbridge("send", "--redis", "redis://127.0.0.1:\(locked.port)", "orders", "n=1")
        #expect(result.exit == .status(78))
        #expect(result.error.hasPrefix("footbridge: Redis at 127.0.0.1:\(locked.port) refuses: NOAUTH "))

        #expect(try scene.redis.command("REPLICAOF", "127.0.0.1", "1") == .simple("OK"))
        let replica = try check()
        #expect(replica.exit == .status(78))
        #expect(
            replica.error
                == "footbridge: Redis at 127.0.0.1:\(scene.server.port) refuses: it is a replica; name its master\n")
    }

    @Test func `the wrong kind of port, and a certificate that is missing, get a hint`() throws {
        let secured = try Scene(.init(tls: true))
        let authority = try #require(secured.server.certificates).authority
        let place = "127.0.0.1:\(secured.server.port)"
        let cases = [
            ("redis://\(place)", 69, "; if its port speaks TLS, write rediss://\n"),
            ("rediss://127.0.0.1:\(scene.server.port)", 69, "; if its port has no TLS, write redis://\n"),
            (
                "rediss://\(place)?ca=\(authority)", 69,
                "; if it asks for a client certificate, add cert=FILE&key=FILE\n"
            ),
            ("rediss://\(place)?ca=/nowhere/ca.pem", 78, "/nowhere/ca.pem\n"),
        ]
        for (url, exit, end) in cases {
            let result = try footbridge("send", "--redis", url, "orders", "n=1")
            #expect(result.exit == .status(Int32(exit)))
            #expect(result.error.hasPrefix("footbridge: cannot reach Redis at 127.0.0.1:"))
            #expect(result.error.hasSuffix(end), "\(url): \(result.error)")
        }
    }

    @Test func `an embedded Redis that does not run, and one whose socket has too long a path`() throws {
        scene.file.redis = "embedded"
        let path = try scene.writeFile()
        for command in [["check", "--live"], ["send", "orders", "n=1"]] {
            let away = try CommandResult(
                .footbridge(command + ["-c", path, "--state", scene.directory.file("nowhere")]))
            #expect(away.exit == .status(69))
            #expect(
                away.error.hasSuffix(
                    "redis: embedded runs only while `footbridge run` does; start it, or name the same --state\n"))
        }
        let long = scene.directory.file(String(repeating: "x", count: 100))
        let errors = try [["check", "--live"], ["send", "orders", "n=1"], ["run"]].map { command in
            let result = try CommandResult(.footbridge(command + ["-c", path, "--state", long]))
            #expect(result.exit == .status(78))
            return result.error
        }
        #expect(errors[0].contains("give a shorter directory with --state") && Set(errors).count == 1)
    }
}
