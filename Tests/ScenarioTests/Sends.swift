import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Sends {
    private let scene: Scene

    init() throws { scene = try Scene() }

    private func send(_ lines: [UInt8]) throws -> CommandResult {
        let input = scene.directory.file("lines")
        try Data(lines).write(to: URL(fileURLWithPath: input))
        return try footbridge("send", "orders", "--ndjson", "--redis", scene.server.url, input: input)
    }

    /// The shell makes the bytes, for an argument of `posix_spawn` here is text.
    @Test func `a field may hold any bytes`() throws {
        let script =
            "exec \"$0\" send --redis \"$1\" orders \"$(printf 'a\\377=\\376\\001')\" \"$(printf 'b=\\303')\" c=ü"
        let binary = try ChildProcess.footbridgeBinary()
        #expect(try ChildProcess("/bin/sh", ["-c", script, binary, scene.server.url]).waitForExit() == .status(0))
        let words = try scene.redis.command("XRANGE", "orders", "-", "+").elements[0].elements[1].elements
        #expect(
            words == [
                .bulk([0x61, 0xFF]), .bulk([0xFE, 0x01]), .bulk(Array("b".utf8)), .bulk([0xC3]), .bulk(Array("c".utf8)),
                .bulk(Array("ü".utf8)),
            ])
    }

    @Test func `a line that is wrong is named, with what was sent and how to go on`() throws {
        let result = try send(Array("{\"n\":1}\n\n{\"n\":2}\n{\"n\":3,}\n{\"n\":4}\n".utf8))
        #expect(result.exit == .status(65))
        let lines = result.error.split(separator: "\n")
        #expect(lines.count == 2 && lines[1].hasPrefix("2 entries"))
        #expect(
            lines[0].hasPrefix(
                "footbridge: line 4: column 7: not JSON: a comma stands before a closing bracket; remove it; "))
        #expect(
            lines[0].contains("the lines before it are sent; to go on once it is mended: tail -n +4 FILE | ")
                && lines[0].contains("; to go on behind it: tail -n +5 FILE | "))
        #expect(try scene.redis.entries("orders").count == 2)
    }

    @Test func `--keep-going leaves out what is wrong, and sends what is behind it`() throws {
        let input = scene.directory.file("lines")
        let lines = ##"\##u{feff}{"n":1e400,"n":"2"}"## + "\n{\"n\":\"\\ud800\"}\n{\"n\":3,}\n{\"n\":4}\n"
        try Data(lines.utf8).write(to: URL(fileURLWithPath: input))
        let result = try footbridge(
            "send", "orders", "--ndjson", "--keep-going", "--redis", scene.server.url, input: input)
        #expect(result.exit == .status(65))
        let told = result.error.split(separator: "\n")
        #expect(told.count == 4 && told[0].hasPrefix("footbridge: line 2: column 7: \\ud800 is half a character"))
        #expect(told[1].hasPrefix("footbridge: line 3: column 7: not JSON: ") && told[1].hasSuffix("; left out"))
        #expect(told[3] == "footbridge: 2 of 4 lines are wrong, and were left out")
        // A name that stands twice is sent twice.
        #expect(try scene.redis.entries("orders") == [[Field("n", "1e400"), Field("n", "2")], [Field("n", "4")]])
    }

    @Test func `input that cannot be read is not taken for its end`() throws {
        let result = try footbridge(
            "send", "orders", "--ndjson", "--redis", scene.server.url, input: scene.directory.path)
        #expect(result.exit == .status(65))
        #expect(
            result.error.contains("footbridge: standard input cannot be read: Is a directory; stopped before line 1\n"))
    }

    @Test func `a line that is not UTF-8 is refused, not repaired`() throws {
        let result = try send(Array("{\"n\":\"".utf8) + [0xFF] + Array("\"}\n".utf8))
        #expect(result.exit == .status(65))
        #expect(result.error.contains("line 1: column 7: not UTF-8"))
        #expect(try scene.redis.entries("orders") == [])
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)])
    func `lines are sent as they come, and a signal says how far it came`(signal: Int32, exit: Int) throws {
        let pipe = scene.directory.file("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        // Open for both, so that neither end waits for the other.
        let descriptor = open(pipe, O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        let sender = try ChildProcess.footbridge(
            ["send", "orders", "--ndjson", "--redis", scene.server.url], inputFile: pipe)
        let lines = Array("{\"n\":1}\n{\"n\":2}\n{\"n\"".utf8)
        try #require(write(descriptor, lines, lines.count) == lines.count)
        try eventually("two entries") { try scene.redis.entries("orders").count == 2 }
        sender.signal(signal)
        #expect(try sender.waitForExit() == .status(Int32(exit)))
        #expect(sender.errorOutput.contains("2 entries"))
        #expect(sender.errorOutput.contains("stopped before line 3; to go on there: tail -n +3 FILE"))
    }

    @Test func `a key of another type is named`() throws {
        #expect(try scene.redis.command("SET", "orders", "text") == .simple("OK"))
        let result = try footbridge("send", "--redis", scene.server.url, "orders", "n=1")
        #expect(result.exit == .status(78))
        #expect(result.error.hasPrefix("footbridge: \"orders\" is not a stream: WRONGTYPE "))
    }

    @Test(arguments: [["--maxlen", "0"], ["--maxlen", "-1"], ["--rate", "0"], ["--rate", "-5"]])
    func `numbers below 1 are refused with what would be right`(option: [String]) throws {
        let result = try CommandResult(.footbridge(["send", "orders", "n=1"] + option))
        #expect(result.exit == .status(64))
        #expect(result.error.hasPrefix("Error: \(option[0]) must be at least 1\n"))
    }
}
