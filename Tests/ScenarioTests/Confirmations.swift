import TestSupport
import TestThreads
import Testing

/// What destroys shows what will be lost, and asks.
@Suite(.serialized, .ownThreads) struct Confirmations {
    private let scene: ShellScene

    /// Five entries; group g has read three, two of them are pending.
    init() throws {
        scene = try ShellScene()
        for number in 1...5 { try scene.add("s", "\(number)-0", number) }
        try scene.redis.command("XGROUP", "CREATE", "s", "g", "0")
        try scene.redis.command("XREADGROUP", "GROUP", "g", "c", "COUNT", "3", "STREAMS", "s", ">")
        try scene.redis.command("XACK", "s", "g", "1-0")
    }

    private func id(_ number: Int) -> String { "\(number)-0 (1970-01-01T00:00:00.00\(number)Z)" }

    private var trimLoss: String {
        """
        s: 4 of 5 entries will be removed
          from  \(id(1))
          to    \(id(4))
          group g has not read all of them
          group g has 2 pending there: they cannot be delivered again

        """
    }

    @Test func `trim shows what goes`() throws {
        let refused = CommandResult(64, error: trimLoss + ShellScene.nobodyToAsk)
        #expect(try scene.run("stream", "trim", "s", "--to", "1") == refused)
        #expect(try scene.run("stream", "trim", "s", "--before", "5-0") == refused)
        #expect(try scene.ids("s").count == 5)
    }

    @Test func `delete shows the entries`() throws {
        #expect(
            try scene.run("stream", "delete", "s", "2-0", "5-0", "9-9")
                == CommandResult(
                    64,
                    error: """
                        s: 2 entries will be deleted
                          2-0              1970-01-01T00:00:00.002Z  n=2
                          5-0              1970-01-01T00:00:00.005Z  n=5
                          group g has 1 of them pending: they cannot be delivered again

                        """ + ShellScene.nobodyToAsk))
        #expect(try scene.ids("s").count == 5)
    }

    @Test func `destroy shows what is pending`() throws {
        #expect(
            try scene.run("group", "destroy", "g", "s")
                == CommandResult(
                    64,
                    error: """
                        s: group g will be removed; the entries stay
                          last delivered \(id(3)), 2 unread
                          consumer c has 2 pending: nobody will know that they are not acknowledged

                        """ + ShellScene.nobodyToAsk))
        #expect(try scene.redis.pending("s", "g").count == 2)
    }

    @Test func `remove-consumer shows what is pending, and asks only then`() throws {
        #expect(
            try scene.run("group", "remove-consumer", "g", "s", "--consumer", "c")
                == CommandResult(
                    64,
                    error: "s: 2 pending for consumer c will be dropped: the group never delivers them again\n"
                        + ShellScene.nobodyToAsk))
        #expect(try scene.redis.pending("s", "g").count == 2)
        try scene.redis.command("XGROUP", "CREATECONSUMER", "s", "g", "idle")
        try scene.redis.command("XGROUP", "CREATE", "t", "g", "0", "MKSTREAM")
        #expect(
            try scene.run("group", "remove-consumer", "g", "s", "t", "--consumer", "idle")
                == CommandResult(
                    78, output: "s: removed\n",
                    error: "footbridge: t: the group has no consumer \"idle\"; it has none\n"))
        #expect(
            try scene.run("group", "remove-consumer", "g", "s", "--consumer", "c", "--yes", "--json").output
                == #"{"group":"g","stream":"s","consumer":"c","removed":true,"dropped":2}"# + "\n")
        #expect(try scene.redis.pending("s", "g").isEmpty)
        #expect(try scene.run("group", "consumers", "g", "s") == CommandResult(0, error: "footbridge: no consumers\n"))
    }

    @Test func `set-id shows what comes again, and what never comes`() throws {
        #expect(
            try scene.run("group", "set-id", "g", "s", "--to", "0")
                == CommandResult(
                    64,
                    error: """
                        s: group g will be moved back
                          from  \(id(3))
                          to    0-0
                          3 entries will be delivered again
                          2 of them are still pending

                        """ + ShellScene.nobodyToAsk))
        #expect(
            try scene.run("group", "set-id", "g", "s", "--to", "$")
                == CommandResult(
                    64,
                    error: """
                        s: group g will be moved on
                          from  \(id(3))
                          to    \(id(5))
                          2 unread entries will be skipped: never delivered to this group

                        """ + ShellScene.nobodyToAsk))
        #expect(try scene.redis.unsettled("s", "g") == 4)
    }

    @Test(arguments: ["y", "yes", "Y"])
    func `on a terminal a yes does it`(answer: String) throws {
        let terminal = try Terminal()
        let trim = try terminal.footbridge(["stream", "trim", "s", "--to", "1"], environment: scene.environment)
        try terminal.wait(for: "Go on? [y/N] ")
        #expect(try scene.ids("s").count == 5)
        terminal.type("\(answer)\n")
        #expect(try trim.waitForExit() == .status(0))
        try terminal.wait(for: "4 removed\r\n")
        #expect(
            terminal.text == "\(trimLoss)Go on? [y/N] \(answer)\n4 removed\n".replacing("\n", with: "\r\n"))
        #expect(try scene.ids("s") == ["5-0"])
    }

    @Test(arguments: ["n\n", "\n", "yep\n", "\u{4}"])
    func `on a terminal anything else does nothing`(answer: String) throws {
        let terminal = try Terminal()
        let trim = try terminal.footbridge(["stream", "trim", "s", "--to", "1"], environment: scene.environment)
        try terminal.wait(for: "Go on? [y/N] ")
        terminal.type(answer)
        #expect(try trim.waitForExit() == .status(1))
        try terminal.wait(for: "footbridge: nothing was changed\r\n")
        #expect(try scene.ids("s").count == 5)
    }
}
