import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct StreamCommands {
    private let scene: ShellScene
    private let directory: TemporaryDirectory

    init() throws {
        scene = try ShellScene()
        directory = try TemporaryDirectory()
    }

    private let noStream = #"footbridge: there is no stream "nosuch""#
    private var noStreamCured: String {
        "\(noStream) (Redis at 127.0.0.1:\(scene.server.port), database 0); check the name, or make it: "
            + "footbridge stream add nosuch name=value\n"
    }

    private var noStreamTold: String {
        noStreamCured.replacing(", or make it: footbridge stream add nosuch name=value", with: "")
    }

    @Test func `add prints the id, which may be given or of a time`() throws {
        let added = try scene.run("stream", "add", "s", "--id", "5-1", "a=1", "a=2", "b=")
        #expect(added == CommandResult(0, output: "5-1\n"))
        #expect(try scene.run("stream", "add", "s", "--id", "2026-01-02T00:00Z", "a=3").output == "1767312000000-0\n")
        #expect(
            try scene.run("stream", "add", "s", "--id", "1767312000000-*", "a=4", "--json").output
                == #"{"stream":"s","id":"1767312000000-1","time":"2026-01-02T00:00:00.000Z"}"# + "\n")
        let automatic = try scene.run("stream", "add", "s", "a=5", "--maxlen", "100")
        #expect(try scene.ids("s") == ["5-1", "1767312000000-0", "1767312000000-1", automatic.output.dropLast(1) + ""])
        #expect(
            try scene.redis.entries("s").first == [Field("a", "1"), Field("a", "2"), Field("b", "")])

        let low = try scene.run("stream", "add", "t", "--id", "5", "a=1")
        #expect(low == CommandResult(0, output: "5-0\n"))
        #expect(
            try scene.run("stream", "add", "t", "--id", "5-0", "a=1")
                == CommandResult(
                    78,
                    error: "footbridge: stream \"t\" has had ids up to 5-0 (1970-01-01T00:00:00.005Z); "
                        + "give a higher one, or leave it out\n"))
    }

    @Test func `range prints what is between two places`() throws {
        for id in ["1767312000000-0", "1767312000000-1", "1767312000005-0"] { try scene.add("s", id) }
        let lines = [
            "1767312000000-0  2026-01-02T00:00:00.000Z  n=1\n", "1767312000000-1  2026-01-02T00:00:00.000Z  n=1\n",
            "1767312000005-0  2026-01-02T00:00:00.005Z  n=1\n",
        ]
        #expect(try scene.run("stream", "range", "s") == CommandResult(0, output: lines.joined()))
        #expect(try scene.run("stream", "range", "s", "-", "+", "--reverse", "-n", "1").output == lines[2])
        #expect(try scene.run("stream", "range", "s", "(1767312000000-0", "+", "-n", "1").output == lines[1])
        let whole = try scene.run("stream", "range", "s", "--since", "2026-01-02", "--until", "2026-01-02T00:00:00Z")
        #expect(whole.output == lines[0] + lines[1])
        #expect(try scene.run("stream", "range", "s", "--since", "2h") == CommandResult(0))

        let now = try scene.run("stream", "add", "s", "n=2").output.dropLast(1)
        let recent = try scene.run("stream", "range", "s", "--since", "2h", "--json").output
        #expect(recent.hasPrefix(#"{"stream":"s","id":"\#(now)","time":""#))
        #expect(recent.hasSuffix(#"Z","fields":{"n":"2"}}"# + "\n"))
        #expect(try scene.run("stream", "range", "nosuch") == CommandResult(0, error: noStream + "\n"))
    }

    /// The shell makes the bytes, for an argument of `posix_spawn` here is text.
    @Test func `binary values survive in every format`() throws {
        let bytes: [UInt8] = [0xFF, 0, 0x0A, 0x1B, 0xFE]
        try scene.redis.command(["XADD", "s", "5-0", "t", "x", "p"].map { Array($0.utf8) } + [bytes])
        #expect(
            try scene.run("stream", "range", "s").output
                == #"5-0              1970-01-01T00:00:00.005Z  t=x  p=\xff\x00\n\x1b\xfe"# + "\n")
        let json = try scene.run("stream", "range", "s", "--json").output
        #expect(
            json == #"{"stream":"s","id":"5-0","time":"1970-01-01T00:00:00.005Z","fields":{"t":"x"},"#
                + #""fields_base64":{"p":"\#(Data(bytes).base64EncodedString())"}}"# + "\n")
        let raw = directory.file("raw")
        let binary = try ChildProcess.footbridgeBinary()
        let script = #""$0" stream range s 5-0 5-0 --raw --field p | head -c -1 > "$1""#
        let reading = try ChildProcess("/bin/sh", ["-c", script, binary, raw], environment: scene.environment)
        #expect(try reading.waitForExit() == .status(0))
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: raw))) == bytes)

        let add = #"exec "$0" stream add s "$(printf 'a\377=\376\001')""#
        let adding = try ChildProcess("/bin/sh", ["-c", add, binary], environment: scene.environment)
        #expect(try adding.waitForExit() == .status(0))
        let words = try scene.redis.command("XREVRANGE", "s", "+", "-", "COUNT", "1").elements[0].elements[1].elements
        #expect(words == [.bulk([0x61, 0xFF]), .bulk([0xFE, 0x01])])
    }

    @Test func `read goes on behind an id, over several streams, and waits if it is told to`() throws {
        try scene.add("s", "5-0", 1)
        try scene.add("long", "5-1", 2)
        try scene.add("s", "6-0", 3)
        #expect(
            try scene.run("stream", "read", "s", "long", "s", "--from", "5-0")
                == CommandResult(
                    0,
                    output: """
                        long  5-1              1970-01-01T00:00:00.005Z  n=2
                        s     6-0              1970-01-01T00:00:00.006Z  n=3

                        """))
        #expect(try scene.run("stream", "read", "s", "-n", "1", "--raw").output == "1\n")
        #expect(try scene.run("stream", "read", "s", "--from", "$", "--wait", "10ms") == CommandResult(0))

        let waiting = try scene.start(["stream", "read", "s", "--from", "$", "--wait", "forever", "--raw"])
        try eventually("it waits") {
            try scene.redis.command("CLIENT", "LIST").text?.contains("cmd=xread") == true
        }
        try scene.add("s", "7-0", 4)
        #expect(try CommandResult(waiting) == CommandResult(0, output: "4\n"))
    }

    @Test func `len and info show what is there`() throws {
        for id in ["5-0", "1767312000000-0"] { try scene.add("s", id) }
        try scene.redis.command("XGROUP", "CREATE", "s", "g", "0")
        #expect(try scene.run("stream", "len", "s") == CommandResult(0, output: "2\n"))
        #expect(
            try scene.run("stream", "len", "s", "nosuch")
                == CommandResult(0, output: "STREAM  LENGTH\ns            2\nnosuch       0\n", error: noStream + "\n"))
        #expect(try scene.run("stream", "len", "nosuch") == CommandResult(0, output: "0\n", error: noStream + "\n"))
        #expect(
            try scene.run("stream", "info", "s")
                == CommandResult(
                    0,
                    output: """
                        STREAM  LENGTH  GROUPS  FIRST                      TIME             LAST                      TIME
                        s            2       1    5-0  1970-01-01T00:00:00.005Z  1767312000000-0  2026-01-02T00:00:00.000Z

                        """))
        #expect(
            try scene.run("stream", "info", "s", "--json").output
                == #"{"stream":"s","length":2,"groups":1,"first":"5-0","first_time":"1970-01-01T00:00:00.005Z","#
                + #""last":"1767312000000-0","last_time":"2026-01-02T00:00:00.000Z"}"# + "\n")
        #expect(try scene.run("stream", "info", "nosuch") == CommandResult(78, error: noStreamCured))
    }

    @Test func `what is wrong with one stream does not keep the others from being shown`() throws {
        try scene.add("a", "5-0")
        try scene.add("b", "5-0")
        #expect(try scene.redis.command("SADD", "set", "member") == 1)
        let info = try scene.run("stream", "info", "a", "nosuch", "set", "b", "--json")
        #expect(info.output.split(separator: "\n").map { $0.prefix(13) } == [#"{"stream":"a""#, #"{"stream":"b""#])
        let notStream = "footbridge: \"set\" is a set, not a stream; name another key\n"
        #expect(info.exit == .status(78) && info.error == noStreamCured + notStream)
        #expect(
            try scene.run("stream", "len", "set", "a")
                == CommandResult(78, output: "STREAM  LENGTH\na            1\n", error: notStream))
        #expect(
            try scene.run("stream", "read", "nosuch", "a", "--raw")
                == CommandResult(0, output: "1\n", error: noStream + "\n"))
    }

    @Test func `a slip in a name is told with the stream that was meant`() throws {
        for stream in ["orders", "refunds"] { try scene.add(stream, "5-0") }
        let near = "footbridge: there is no stream \"ordres\""
        let place = "(Redis at 127.0.0.1:\(scene.server.port), database 0)"
        #expect(
            try scene.run("stream", "info", "ordres")
                == CommandResult(78, error: "\(near) \(place); did you mean \"orders\"?\n"))
        #expect(
            try scene.run("stream", "range", "ordres") == CommandResult(0, error: "\(near); did you mean \"orders\"?\n")
        )
        // Who may not look at all keys is told the rest.
        #expect(
            try scene.redis.command("ACL", "SETUSER", "few", "on", ">p", "~*", "+@all", "-scan") == .simple("OK"))
        let few = try CommandResult(
            .footbridge("stream", "range", "ordres", "--redis", "redis://few:p@127.0.0.1:\(scene.server.port)"))
        #expect(few == CommandResult(0, error: near + "\n"))
        let list = try CommandResult(
            .footbridge("stream", "list", "--redis", "redis://few:p@127.0.0.1:\(scene.server.port)"))
        #expect(list.exit == .status(78) && list.error.contains("refuses: NOPERM"), "\(list.error)")
    }

    @Test func `list finds the streams, and how far behind their groups are`() throws {
        #expect(try scene.run("stream", "list") == CommandResult(0, error: "footbridge: no streams\n"))
        #expect(try scene.redis.command("SADD", "a-set", "member") == 1)
        for number in 1...3 { try scene.add("orders:eu", "\(number)-0", number) }
        try scene.add("orders:us", "5-0")
        for group in [("fast", "2-0"), ("slow", "1-0")] {
            #expect(
                try scene.redis.command(
                    "XGROUP", "CREATE", "orders:eu", group.0, group.1, "ENTRIESREAD", String(group.1.prefix(1)))
                    == .simple("OK"))
        }
        #expect(
            try scene.run("stream", "list")
                == CommandResult(
                    0,
                    output: """
                        STREAM     LENGTH  GROUPS  LAG  LAST                      TIME
                        orders:eu       3       2    2   3-0  1970-01-01T00:00:00.003Z
                        orders:us       1       0    -   5-0  1970-01-01T00:00:00.005Z

                        """))
        #expect(
            try scene.run("stream", "list", "*:us", "--json")
                == CommandResult(
                    0,
                    output: #"{"stream":"orders:us","length":1,"groups":0,"last":"5-0","#
                        + #""last_time":"1970-01-01T00:00:00.005Z"}"# + "\n"))
        #expect(
            try scene.run("stream", "list", "x*") == CommandResult(0, error: "footbridge: no streams of such a name\n"))
        // More than one portion of keys, and of streams.
        for number in 1...2500 { try scene.redis.command("XADD", "many:\(number)", "5-0", "n", "1") }
        #expect(try scene.run("stream", "list", "many:*", "--json").output.split(separator: "\n").count == 2500)
    }

    @Test func `--where picks entries by jq, and -n counts those that pass`() throws {
        for number in 1...40 { try scene.add("s", "\(number)-0", number) }
        #expect(try scene.redis.command("XADD", "s", "41-0", "other", "x") == "41-0")
        let even = ".fields.n | tonumber % 2 == 0"
        let first = try scene.run("stream", "range", "s", "--raw", "--where", even, "-n", "3")
        #expect(first == CommandResult(0, output: "2\n4\n6\n"))
        let last = try scene.run("stream", "range", "s", "--raw", "--where", "(\(even))?", "-n", "2", "--reverse")
        #expect(last == CommandResult(0, output: "40\n38\n"))
        let strict = try scene.run("stream", "range", "s", "39-0", "--raw", "--where", even)
        #expect(strict.exit == .status(0) && strict.output == "40\n")
        #expect(strict.error.hasPrefix("footbridge: --where fails for 41-0, which is left out: "))
        let byID = try scene.run(
            "series", "range", "s", "nosuch", "--raw", "--where", #".stream == "s" and .timestamp == 0.007"#)
        #expect(byID == CommandResult(0, output: "7\n", error: noStream + "\n"))
        let wrong = try scene.run("stream", "range", "s", "--where", ".fields |")
        #expect(wrong.exit == .status(64) && wrong.error.hasPrefix("Error: --where: line 1, column "), "\(wrong.error)")
    }

    @Test func `several fields are printed in the order that was asked for`() throws {
        #expect(try scene.redis.command("XADD", "s", "5-0", "a", "1", "b", "2", "c", "3") == "5-0")
        #expect(try scene.run("stream", "range", "s", "--raw", "--field", "c", "--field", "a").output == "3\n1\n")
        #expect(
            try scene.run("stream", "range", "s", "--json", "--field", "b", "--field", "a").output
                .hasSuffix(#""fields":{"b":"2","a":"1"}}"# + "\n"))
    }

    @Test func `a table fits the terminal, and keeps its times in a pipe`() throws {
        try scene.add("a-stream-with-a-name", "1767312000000-0")
        let terminal = try Terminal(columns: 60)
        let info = try terminal.footbridge(["stream", "info", "a-stream-with-a-name"], environment: scene.environment)
        #expect(try info.waitForExit() == .status(0))
        try terminal.wait(
            for: "STREAM      LENGTH  GROUPS            FIRST             LAST\r\n"
                + "a-stream-…       1       0  1767312000000-0  1767312000000-0\r\n")
        #expect(try scene.run("stream", "info", "a-stream-with-a-name").output.contains("2026-01-02T00:00:00.000Z"))
    }

    @Test func `trim and delete do without a question what is confirmed or loses nothing`() throws {
        for number in 1...5 { try scene.add("s", "\(number)-0", number) }
        #expect(try scene.run("stream", "trim", "s", "--to", "5") == CommandResult(0, output: "0 removed\n"))
        #expect(try scene.run("stream", "trim", "s", "--to", "4", "--yes") == CommandResult(0, output: "1 removed\n"))
        #expect(
            try scene.run("stream", "trim", "s", "--before", "3-0", "-y", "--json")
                == CommandResult(0, output: #"{"stream":"s","removed":1}"# + "\n"))
        #expect(try scene.run("stream", "delete", "s", "9-9") == CommandResult(0, output: "0 deleted\n"))
        #expect(
            try scene.run("stream", "delete", "s", "3-0", "9-9", "--yes") == CommandResult(0, output: "1 deleted\n"))
        #expect(try scene.ids("s") == ["4-0", "5-0"])
        for words in [
            ["trim", "nosuch", "--to", "1"], ["trim", "nosuch", "--to", "1", "--yes"], ["delete", "nosuch", "1-0"],
        ] {
            #expect(try CommandResult(scene.start(["stream"] + words)) == CommandResult(78, error: noStreamTold))
        }
    }

    @Test(arguments: [
        ["range", "s"], ["read", "s"], ["len", "s"], ["info", "s"], ["add", "s", "n=1"], ["trim", "s", "--to", "1"],
        ["delete", "s", "1-0"], ["tail", "s"], ["tail", "s", "--group", "g"],
    ])
    func `a key that is no stream is named`(words: [String]) throws {
        #expect(try scene.redis.command("SADD", "s", "member") == 1)
        #expect(
            try CommandResult(scene.start(["stream"] + words))
                == CommandResult(78, error: "footbridge: \"s\" is a set, not a stream; name another key\n"))
    }

    @Test func `a password is never shown, wherever the URL is from`() throws {
        let server = try RedisServer(.init(password: "hunter2"))
        let right = try ChildProcess.footbridge(["stream", "len", "s"], environment: ["REDIS_URL": server.url])
        #expect(try CommandResult(right).output == "0\n")
        let wrong = server.url.replacing("hunter2", with: "hunter3")
        for url in [wrong, "redis://:hunter3@127.0.0.1:1/0", "redis://:hun/ter3@127.0.0.1/0", "redis://:hunter3@h:x"] {
            for words in [["stream", "len", "s", "--redis", url], ["group", "list", "s"]] {
                let result = try CommandResult(.footbridge(words, environment: ["REDIS_URL": url]))
                #expect(result.exit != .status(0))
                #expect(result.error != "" && !result.error.contains("ter3"), "\(result.error)")
            }
        }
        let refused = try ChildProcess.footbridge(["stream", "len", "s", "--redis", wrong])
        #expect(try refused.waitForExit() == .status(78))
        // What stands on the command line is before the variable.
        let both = try ChildProcess.footbridge(
            ["stream", "len", "s", "--redis", server.url], environment: ["REDIS_URL": wrong])
        #expect(try both.waitForExit() == .status(0))
    }

    @Test func `it ends quietly when nobody reads on`() throws {
        try scene.redis.add(numbers: 0..<5000, to: "s")
        let script = #"{ "$0" stream range s; echo $? >&2; } | head -1 | wc -l"#
        let child = try ChildProcess(
            "/bin/sh", ["-c", script, ChildProcess.footbridgeBinary()], environment: scene.environment)
        #expect(try CommandResult(child) == CommandResult(0, output: "1\n", error: "0\n"))
    }
}
