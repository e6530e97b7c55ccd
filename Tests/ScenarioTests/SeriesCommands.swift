import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct SeriesCommands {
    private let scene: ShellScene

    init() throws { scene = try ShellScene() }

    @Test func `add at times, range and read in the order of time`() throws {
        for (stream, day, id) in [
            ("s1", "2018-01-01", "1514764800000-0"), ("s2", "2018-01-02", "1514851200000-0"),
            ("s1", "2018-01-03", "1514937600000-0"), ("s1", "2018-01-03", "1514937600000-1"),
        ] {
            #expect(
                try scene.run("series", "add", stream, "--at", day, "day=\(day)") == CommandResult(0, output: "\(id)\n")
            )
        }
        let lines = [
            "s1  1514764800000-0  2018-01-01T00:00:00.000Z  day=2018-01-01\n",
            "s2  1514851200000-0  2018-01-02T00:00:00.000Z  day=2018-01-02\n",
            "s1  1514937600000-0  2018-01-03T00:00:00.000Z  day=2018-01-03\n",
            "s1  1514937600000-1  2018-01-03T00:00:00.000Z  day=2018-01-03\n",
        ]
        #expect(try scene.run("series", "range", "s1", "s2") == CommandResult(0, output: lines.joined()))
        let some = try scene.run("series", "range", "s1", "s2", "--since", "2018-01-02", "--until", "2018-01-03")
        #expect(some.output == lines[1...].joined())
        #expect(
            try scene.run("series", "range", "s1", "s2", "--reverse", "-n", "3").output
                == lines[3] + lines[2] + lines[1])

        #expect(try scene.redis.command("XGROUP", "CREATE", "s1", "g", "0") == .simple("OK"))
        #expect(try scene.redis.command("XGROUP", "CREATE", "s2", "g", "0") == .simple("OK"))
        let read = try scene.run("series", "read", "g", "s1", "s2", "-n", "1", "--ack")
        #expect(read == CommandResult(0, output: lines[0] + lines[1]))
        #expect(try scene.run("series", "read", "g", "s1", "s2", "--raw").output == "2018-01-03\n2018-01-03\n")
        #expect(try scene.redis.pending("s1", "g").map(\.id) == ["1514937600000-0", "1514937600000-1"])
        #expect(try scene.redis.pending("s2", "g") == [])
        let again = try scene.run("series", "read", "g", "s1", "s2", "--from", "2018-01-03", "-n", "1")
        #expect(again.output == lines[2])
    }

    @Test func `a time that is no time is told with its cure`() throws {
        let result = try scene.run("series", "add", "s1", "--at", "2018-01-01T10:00", "n=1")
        #expect(result.exit == .status(64))
        #expect(
            result.error.hasPrefix(
                "Error: The value '2018-01-01T10:00' is invalid for '--at <time>': "
                    + "\"2018-01-01T10:00\" has no zone; add Z for UTC, or an offset: +02:00\n"))
        #expect(try scene.redis.command("EXISTS", "s1") == 0)
    }
}
