import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct GroupCommands {
    private let scene: ShellScene

    init() throws { scene = try ShellScene() }

    private func noGroup(_ others: String) -> String {
        "footbridge: stream \"s\" \(others), not \"nosuch\"; to make it: footbridge group create nosuch s\n"
    }

    private func line(_ number: Int, _ stream: String = "") -> String {
        "\(stream)\(number)-0              1970-01-01T00:00:00.00\(number)Z  n=\(number)\n"
    }

    @Test func `create, list, destroy`() throws {
        try scene.add("s", "5-0", 5)
        #expect(try scene.run("group", "create", "g", "s", "new").output == "s: created\nnew: created\n")
        #expect(try scene.run("group", "create", "g", "s").output == "s: was there already\n")
        #expect(
            try scene.run("group", "create", "late", "s", "--from", "$", "--json").output
                == #"{"group":"late","stream":"s","created":true}"# + "\n")
        #expect(
            try scene.run("group", "list", "s", "new")
                == CommandResult(
                    0,
                    output: """
                        STREAM  GROUP  CONSUMERS  PENDING  LAG  LAST DELIVERED                      TIME
                        s       g              0        0    1             0-0                         -
                        s       late           0        0    0             5-0  1970-01-01T00:00:00.005Z
                        new     g              0        0    0             0-0                         -

                        """))
        #expect(
            try scene.run("group", "list", "new", "--json").output
                == #"{"stream":"new","group":"g","consumers":0,"pending":0,"lag":0,"last_delivered":"0-0"}"# + "\n")
        #expect(
            try scene.run("group", "destroy", "late", "s", "new", "--yes").output
                == "s: destroyed\n")
        let nosuch = "footbridge: stream \"s\" has the groups \"g\", not \"nosuch\"\n"
        #expect(try scene.run("group", "destroy", "nosuch", "s") == CommandResult(78, error: nosuch))
        #expect(
            try scene.run("group", "destroy", "nosuch", "s", "--yes", "--json")
                == CommandResult(
                    78, output: #"{"group":"nosuch","stream":"s","destroyed":false}"# + "\n", error: nosuch))
        #expect(
            try scene.run("group", "pending", "nosuch", "s")
                == CommandResult(78, error: noGroup(#"has the groups "g""#)))
        #expect(try scene.run("group", "destroy", "g", "s", "-y").output == "s: destroyed\n")
        #expect(try scene.ids("s") == ["5-0"])
        #expect(try scene.run("group", "list", "s") == CommandResult(0, error: "footbridge: no groups\n"))
    }

    @Test func `what is wrong with one stream does not keep the group's others from it`() throws {
        for stream in ["a", "b"] {
            try scene.add(stream, "5-0", 5)
            #expect(try scene.redis.command("XGROUP", "CREATE", stream, "g", "0") == .simple("OK"))
        }
        try scene.add("bare", "5-0", 5)
        #expect(try scene.redis.command("SADD", "set", "member") == 1)
        let notStream = "footbridge: \"set\" is a set, not a stream; name another key\n"
        #expect(
            try scene.run("group", "create", "new", "a", "set", "b")
                == CommandResult(78, output: "a: created\nb: created\n", error: notStream))
        let moved = try scene.run("group", "set-id", "g", "a", "bare", "b", "--to", "4-0", "--yes")
        #expect(moved.exit == .status(78) && moved.output == "a: moved\nb: moved\n")
        #expect(moved.error.hasPrefix("footbridge: stream \"bare\" has no groups, not \"g\"; to make it: "))
        for words in [
            ["list", "a", "set", "b"], ["consumers", "g", "a", "set", "b"], ["pending", "g", "a", "set", "b"],
        ] {
            if words[0] == "consumers" {
                for stream in ["a", "b"] {
                    try scene.redis.command("XREADGROUP", "GROUP", "g", "c", "STREAMS", stream, ">")
                }
            }
            let result = try CommandResult(scene.start(["group"] + words + ["--json"]))
            #expect(result.exit == .status(78) && result.error == notStream)
            #expect(
                Set(result.output.split(separator: "\n").map { $0.prefix(13) }) == [
                    #"{"stream":"a""#, #"{"stream":"b""#,
                ])
        }
        #expect(
            try scene.run("group", "destroy", "g", "a", "bare", "b", "--yes")
                == CommandResult(
                    78, output: "a: destroyed\nb: destroyed\n",
                    error: "footbridge: stream \"bare\" has no groups, not \"g\"\n"))
    }

    /// Names as bridges make them: what they note in a group, and what one that stopped has handed over.
    @Test func `what bridges note in a group is not counted as consumers`() throws {
        try scene.add("s", "5-0", 5)
        #expect(try scene.redis.command("XGROUP", "CREATE", "s", "g", "0") == .simple("OK"))
        for name in ["footbridge:group:x", "footbridge:owner:t:60000:h.1", "footbridge:released", "h.1"] {
            #expect(try scene.redis.command("XGROUP", "CREATECONSUMER", "s", "g", name) == 1)
        }
        func consumers() throws -> [String] {
            try scene.run("group", "consumers", "g", "s").output.split(separator: "\n").dropFirst().map {
                $0.split(separator: " ").dropFirst().prefix(2).joined(separator: " ")
            }
        }
        #expect(try scene.run("group", "list", "s", "--json").output.contains(#""group":"g","consumers":1,"#))
        #expect(try consumers() == ["h.1 0"])
        try scene.redis.command("XREADGROUP", "GROUP", "g", "footbridge:released", "STREAMS", "s", ">")
        #expect(try scene.run("group", "list", "s", "--json").output.contains(#""consumers":1,"pending":1,"#))
        #expect(try consumers() == ["footbridge:released 1", "h.1 0"])
        let destroy = try scene.run("group", "destroy", "g", "s")
        #expect(destroy.error.contains("  1 pending were handed over by bridges that stopped: nobody will know"))
    }

    @Test func `a consumer that is not there is an error`() throws {
        for stream in ["a", "b"] {
            #expect(try scene.redis.command("XGROUP", "CREATE", stream, "g", "0", "MKSTREAM") == .simple("OK"))
        }
        for name in ["me", "you"] { #expect(try scene.redis.command("XGROUP", "CREATECONSUMER", "a", "g", name) == 1) }
        #expect(
            try scene.run("group", "remove-consumer", "g", "a", "b", "--consumer", "me")
                == CommandResult(
                    78, output: "a: removed\n", error: "footbridge: b: the group has no consumer \"me\"; it has none\n")
        )
        #expect(
            try scene.run("group", "remove-consumer", "g", "a", "--consumer", "me", "--yes", "--json")
                == CommandResult(
                    78, output: #"{"group":"g","stream":"a","consumer":"me","removed":false,"dropped":0}"# + "\n",
                    error: "footbridge: a: the group has no consumer \"me\"; it has \"you\"\n"))
    }

    @Test func `read gives, pending lists, ack settles`() throws {
        for number in 5...7 { try scene.add("s", "\(number)-0", number) }
        #expect(try scene.redis.command("XGROUP", "CREATE", "s", "g", "0") == .simple("OK"))
        #expect(try scene.run("group", "read", "g", "s", "-n", "2") == CommandResult(0, output: line(5) + line(6)))
        let read = try scene.run("group", "read", "g", "s", "--consumer", "me", "--ack", "--wait", "5s")
        #expect(read == CommandResult(0, output: line(7)))
        #expect(try scene.redis.pending("s", "g").map(\.id) == ["5-0", "6-0"])
        #expect(try scene.run("group", "read", "g", "s") == CommandResult(0))

        let pending = try scene.run("group", "pending", "g", "s")
        let rows = pending.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows.first == ["STREAM", "ID", "TIME", "CONSUMER", "IDLE", "DELIVERIES"])
        #expect(
            rows.dropFirst().map { $0.prefix(4) + $0.suffix(1) } == [
                ["s", "5-0", "1970-01-01T00:00:00.005Z", "g.c1", "1"],
                ["s", "6-0", "1970-01-01T00:00:00.006Z", "g.c1", "1"],
            ])
        #expect(try scene.run("group", "pending", "g", "s", "--consumer", "me") == CommandResult(0))
        #expect(
            try scene.run("group", "pending", "g", "s", "--consumer", "em")
                == CommandResult(0, error: "footbridge: s: the group has no consumer \"em\"; it has \"g.c1\", \"me\"\n")
        )
        #expect(try scene.run("group", "pending", "g", "s", "--idle", "1h") == CommandResult(0))
        let json = try scene.run("group", "pending", "g", "s", "--since", "6-0", "-n", "5", "--json").output
        #expect(
            json.hasPrefix(
                #"{"stream":"s","id":"6-0","time":"1970-01-01T00:00:00.006Z","consumer":"g.c1","idle_seconds":"#))

        #expect(try scene.run("group", "ack", "g", "s", "5-0", "7-0") == CommandResult(0, output: "1 acknowledged\n"))
        #expect(
            try scene.run("group", "ack", "nosuch", "s", "5-0")
                == CommandResult(78, error: noGroup(#"has the groups "g""#)))
        #expect(try scene.redis.command("XDEL", "s", "6-0") == 1)
        #expect(
            try scene.run("group", "read", "g", "s", "--from", "0")
                == CommandResult(
                    0,
                    output: "6-0              1970-01-01T00:00:00.006Z  "
                        + "(deleted: pending, but no longer in the stream)\n"))
        #expect(
            try scene.run("group", "read", "nosuch", "s") == CommandResult(78, error: noGroup(#"has the groups "g""#)))
    }

    @Test func `claim takes over what others have, by ids or by age`() throws {
        for number in 5...7 { try scene.add("s", "\(number)-0", number) }
        #expect(try scene.redis.command("XGROUP", "CREATE", "s", "g", "0") == .simple("OK"))
        try scene.redis.command("XREADGROUP", "GROUP", "g", "other", "STREAMS", "s", ">")
        let named = try scene.run("group", "claim", "g", "s", "6-0", "9-9", "--consumer", "me")
        #expect(named == CommandResult(0, output: line(6)))
        #expect(try scene.run("group", "claim", "g", "s", "5-0", "--idle", "1h") == CommandResult(0))
        let all = try scene.run("group", "claim", "g", "s", "--idle", "0s", "-n", "2")
        #expect(all == CommandResult(0, output: line(5) + line(6)))
        let rows = try scene.redis.pending("s", "g")
        #expect(rows.map(\.consumer) == ["g.c1", "g.c1", "other"])
        #expect(rows.map(\.deliveries) == [2, 3, 1])
        let consumers = try scene.run("group", "consumers", "g", "s").output.split(separator: "\n")
        #expect(
            consumers.map { $0.split(separator: " ").prefix(3).joined(separator: " ") }
                == ["STREAM CONSUMER PENDING", "s g.c1 2", "s me 0", "s other 1"])
    }

    @Test func `set-id moves what is new, at once if nothing is passed or it is confirmed`() throws {
        for number in 5...7 { try scene.add("s", "\(number)-0", number) }
        #expect(try scene.redis.command("XGROUP", "CREATE", "s", "g", "0") == .simple("OK"))
        #expect(try scene.run("group", "set-id", "g", "s", "--to", "4-0") == CommandResult(0, output: "s: moved\n"))
        #expect(
            try scene.run("group", "set-id", "g", "s", "--to", "6-0", "--yes", "--json")
                == CommandResult(0, output: #"{"group":"g","stream":"s","moved":true}"# + "\n"))
        #expect(try scene.run("group", "read", "g", "s").output == line(7))
        #expect(
            try scene.run("group", "set-id", "nosuch", "s", "--to", "0")
                == CommandResult(78, error: noGroup(#"has the groups "g""#)))
    }
}
