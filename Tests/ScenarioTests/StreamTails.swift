import Foundation
import Glibc
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct StreamTails {
    private let scene: ShellScene

    init() throws { scene = try ShellScene() }

    private func waitUntilItReads() throws {
        try eventually("it waits for entries") {
            try scene.redis.command("CLIENT", "LIST").text?.contains("cmd=xread") == true
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `tail prints what comes from now on, and ends well by a signal`(signal: Int32) throws {
        try scene.add("s", "5-0", 1)
        let tail = try scene.start(["stream", "tail", "s"])
        try waitUntilItReads()
        try scene.add("s", "6-0", 2)
        try tail.waitForOutput(containing: "\n")
        tail.signal(signal)
        #expect(try CommandResult(tail) == CommandResult(0, output: "6-0              1970-01-01T00:00:00.006Z  n=2\n"))
    }

    @Test func `tail -n begins with the last of all streams, and waits for one that is not there`() throws {
        try scene.add("a", "5-0", 1)
        try scene.add("b", "6-0", 2)
        try scene.add("a", "7-0", 3)
        let tail = try scene.start(["stream", "tail", "a", "b", "new", "-n", "2", "--json"])
        try waitUntilItReads()
        try scene.add("new", "8-0", 4)
        try tail.waitForOutput(containing: "8-0")
        tail.signal(SIGINT)
        let lines = [("b", 6, 2), ("a", 7, 3), ("new", 8, 4)].map { stream, time, number in
            #"{"stream":"\#(stream)","id":"\#(time)-0","time":"1970-01-01T00:00:00.00\#(time)Z","#
                + #""fields":{"n":"\#(number)"}}"# + "\n"
        }
        #expect(
            try CommandResult(tail)
                == CommandResult(
                    0, output: lines.joined(), error: "footbridge: there is no stream \"new\" yet: waiting for it\n"))
    }

    @Test func `tail -n begins with the oldest of the last, of one stream, too`() throws {
        for number in 1...5 { try scene.add("s", "\(number)-0", number) }
        let tail = try scene.start(["stream", "tail", "s", "-n", "3", "--raw"])
        try tail.waitForOutput(containing: "5\n")
        try waitUntilItReads()
        try scene.add("s", "6-0", 6)
        try tail.waitForOutput(containing: "6\n")
        tail.signal(SIGINT)
        #expect(try CommandResult(tail) == CommandResult(0, output: "3\n4\n5\n6\n"))
    }

    @Test func `tail --where prints what passes, the last ones of it first`() throws {
        for number in 1...40 { try scene.add("s", "\(number)-0", number) }
        let tail = try scene.start(
            ["stream", "tail", "s", "-n", "2", "--raw", "--where", ".fields.n | tonumber % 10 == 0"])
        try waitUntilItReads()
        for number in ["text", "49", "50"] {
            #expect(try scene.redis.command("XADD", "s", "*", "n", number).text != nil)
        }
        try tail.waitForOutput(containing: "50\n")
        tail.signal(SIGINT)
        let result = try CommandResult(tail)
        #expect(result.exit == .status(0) && result.output == "30\n40\n50\n")
        #expect(
            result.error.hasPrefix("footbridge: --where fails for ") && result.error.split(separator: "\n").count == 1)
    }

    @Test func `tail goes on where it was after a restart of Redis`() throws {
        let server = try RedisServer(.init(appendOnly: true))
        #expect(try server.probe().command("XADD", "s", "5-0", "n", "1") == "5-0")
        let tail = try ChildProcess.footbridge(
            ["stream", "tail", "s", "--since", "0", "--raw"], environment: ["REDIS_URL": server.url])
        try tail.waitForOutput(containing: "1\n")
        try server.stop()
        try server.restart()
        #expect(try server.probe().command("XADD", "s", "6-0", "n", "2") == "6-0")
        try tail.waitForOutput(containing: "2\n")
        tail.signal(SIGINT)
        #expect(try CommandResult(tail) == CommandResult(0, output: "1\n2\n"))
    }

    @Test(arguments: [("", true), ("1", false)])
    func `several streams have colours on a terminal, unless NO_COLOR is set`(noColour: String, isColoured: Bool) throws
    {
        try scene.add("a", "5-0", 1)
        try scene.add("b", "6-0", 2)
        let terminal = try Terminal()
        let tail = try terminal.footbridge(
            ["stream", "tail", "a", "b", "-n", "2"],
            environment: scene.environment.merging(["NO_COLOR": noColour]) { $1 })
        try terminal.wait(for: "n=2\r\n")
        tail.signal(SIGINT)
        #expect(try tail.waitForExit() == .status(0))
        let (cyan, yellow, end) = isColoured ? ("\u{1B}[36m", "\u{1B}[33m", "\u{1B}[0m") : ("", "", "")
        #expect(
            terminal.text == "\(cyan)a  \(end)5-0              1970-01-01T00:00:00.005Z  n=1\r\n"
                + "\(yellow)b  \(end)6-0              1970-01-01T00:00:00.006Z  n=2\r\n")
    }

    @Test func `tail --group tells each change of a group`() throws {
        try scene.add("s", "5-0", 1)
        #expect(try scene.redis.command("XGROUP", "CREATE", "s", "g", "0") == .simple("OK"))
        let tail = try scene.start(["stream", "tail", "s", "--group", "g"])
        try tail.waitForOutput(containing: "last delivered 0-0  pending 0  lag 1\n")
        try scene.redis.command("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
        try tail.waitForOutput(containing: "last delivered 5-0  pending 1  lag 0 (-")
        try scene.redis.command("XACK", "s", "g", "5-0")
        try tail.waitForOutput(containing: "last delivered 5-0  pending 0  lag 0 (0/s)\n")
        #expect(try scene.redis.command("XGROUP", "DESTROY", "s", "g") == 1)
        try tail.waitForOutput(containing: "s  no such group\n")
        tail.signal(SIGINT)
        #expect(try tail.waitForExit() == .status(0))
        #expect(tail.errorOutput == "")
        #expect(tail.output.split(separator: "\n").count == 4)

        let missing = try scene.run("stream", "tail", "s", "--group", "g")
        #expect(
            missing
                == CommandResult(
                    78,
                    error:
                        "footbridge: stream \"s\" has no groups, not \"g\"; to make it: footbridge group create g s\n"
                ))
    }

    @Test func `tail --group tells once that Redis is away, and goes on`() throws {
        let server = try RedisServer(.init(appendOnly: true))
        #expect(try server.probe().command("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM") == .simple("OK"))
        let tail = try ChildProcess.footbridge(
            ["stream", "tail", "s", "--group", "g"], environment: ["REDIS_URL": server.url])
        try tail.waitForOutput(containing: "last delivered 0-0  pending 0  lag 0\n")
        try server.stop()
        try tail.waitForOutput(containing: "; waiting for it\n", on: .error, timeout: .seconds(20))
        try server.restart()
        #expect(try server.probe().command("XADD", "s", "5-0", "n", "1") == "5-0")
        try tail.waitForOutput(containing: "last delivered 0-0  pending 0  lag 1", timeout: .seconds(20))
        tail.signal(SIGINT)
        #expect(try tail.waitForExit() == .status(0))
        let lines = tail.errorOutput.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasSuffix("; waiting for it") && lines[1] == "Redis is back", "\(lines)")
    }

    @Test func `on a terminal the progress of a group is drawn in one place`() throws {
        try scene.add("s", "5-0", 1)
        #expect(try scene.redis.command("XGROUP", "CREATE", "s", "g", "0") == .simple("OK"))
        let terminal = try Terminal()
        let tail = try terminal.footbridge(["stream", "tail", "s", "--group", "g"], environment: scene.environment)
        let header = "\r\u{1B}[KSTREAM  LAST DELIVERED  TIME  PENDING  LAG  LAG PER SECOND\r\n"
        let first = "\(header)\r\u{1B}[Ks                  0-0     -        0    1               ?\u{1B}[J\r\n"
        let second =
            "\u{1B}[2A\(header)\r\u{1B}[Ks                  0-0     -        0    1               0\u{1B}[J\r\n"
        try terminal.wait(for: second)
        #expect(terminal.text.hasPrefix(first + second))
        tail.signal(SIGINT)
        #expect(try tail.waitForExit() == .status(0))
    }
}
