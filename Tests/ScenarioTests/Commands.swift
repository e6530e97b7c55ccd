import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Commands {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(arguments: ["check", "run"])
    func `a wrong configuration is told with all its errors, and nothing is begun`(command: String) throws {
        let path = try directory.write(
            """
            redis: { url: "http://localhost" }
            routes:
              orders:
                stream: orders
                concurency: 5
                webhook:
                  url: https://example.com/hooks
                  timeout: 5

            """, to: "bad.yaml")
        let result = try footbridge(command, "-c", path)
        #expect(result.exit == .status(78))
        #expect(result.output == "")
        let lines = result.error.split(separator: "\n").map(String.init)
        try #require(lines.count == 3)
        #expect(lines[0].hasPrefix("\(path):1:15: redis.url: "))
        #expect(
            lines[1...] == [
                "\(path):5:5: routes.orders.concurency: unknown key; did you mean concurrency?",
                "\(path):8:16: routes.orders.webhook.timeout: \"5\" has no unit; write 5s",
            ])
    }

    @Test func `run without a configuration says where it looked`() throws {
        // The system's may exist where the tests run.
        try #require(access("/etc/footbridge/bridge.yaml", F_OK) != 0)
        let binary = try ChildProcess.footbridgeBinary()
        let result = try CommandResult(
            ChildProcess("/bin/sh", ["-c", "cd \"$0\" && exec \"$1\" run", directory.path, binary]))
        #expect(result.exit == .status(78))
        #expect(
            result.error
                == "footbridge: there is neither bridge.yaml here nor /etc/footbridge/bridge.yaml; "
                + "name a file with -c, or begin with: footbridge config init\n")
        let named = try footbridge("run", "-c", directory.file("missing.yaml"))
        #expect(named.exit == .status(78))
        #expect(named.error.contains("missing.yaml"))
    }

    @Test(arguments: [["run", "--colour"], ["send", "orders"], ["send", "orders", "no-equals-sign"]])
    func `wrong usage exits 64`(arguments: [String]) throws {
        let result = try CommandResult(.footbridge(arguments))
        #expect(result.exit == .status(64))
        #expect(result.output == "")
        #expect(result.error.contains("Error: "))
    }

    @Test(arguments: [["strem"], ["help", "strem"], ["strem", "--json"]])
    func `an unknown command is told with the one that was meant`(arguments: [String]) throws {
        #expect(
            try CommandResult(.footbridge(arguments))
                == CommandResult(64, error: "footbridge: there is no command \"strem\"; did you mean stream?\n"))
    }

    @Test func `version names what is in the program`() throws {
        let result = try footbridge("version")
        #expect(result.exit == .status(0))
        let pattern =
            #/footbridge \d+\.\d+\.\d+\S*\nlibcurl    \d+\.\d+\.\d+ \(OpenSSL/\S+\)\nOpenSSL    3\.\d+\.\d+\n/#
        #expect(result.output.wholeMatch(of: pattern) != nil)
        #expect(result.error == "")
    }

    @Test func `check --live tells a Redis that serves from one that does not`() throws {
        let scene = try Scene(.init(appendOnly: true))
        try scene.redis.add(numbers: 0..<3)
        let path = try scene.writeFile()
        let fine = try footbridge("check", "--live", "-c", path)
        #expect(fine.exit == .status(0))
        #expect(fine.output.hasPrefix("\(path): ok, 1 route\n  ok     Redis 7."))
        #expect(fine.output.contains("\n  ok     persistence: append-only file\n"))
        #expect(fine.output.contains("\n  ok     stream orders: 3 entries\n"))
        // It changes nothing.
        #expect(try scene.redis.command("XINFO", "GROUPS", "orders") == [])

        #expect(try scene.redis.command("DEL", "orders") == 1)
        #expect(try scene.redis.command("SET", "orders", "text") == .simple("OK"))
        let wrong = try footbridge("check", "--live", "-c", path)
        #expect(wrong.exit == .status(78))
        #expect(wrong.output.contains("\n  error  orders is a string, not a stream; route orders cannot read it\n"))

        try scene.server.kill()
        let away = try footbridge("check", "--live", "-c", path)
        #expect(away.exit == .status(69))
        #expect(away.error.contains("cannot reach Redis at 127.0.0.1:\(scene.server.port)"))
    }

    @Test func `send adds one entry, its fields in the order of the command line`() throws {
        let scene = try Scene()
        let result = try footbridge(
            "send", "--redis", scene.server.url, "orders", "type=created", "note=a=b c", "again=1", "again=2", "empty=")
        let id = try scene.redis.command("XRANGE", "orders", "-", "+").elements[0].elements[0].text ?? ""
        #expect(result == CommandResult(0, output: "\(id)\n"))
        #expect(
            try scene.redis.entries("orders") == [
                [
                    Field("type", "created"), Field("note", "a=b c"), Field("again", "1"), Field("again", "2"),
                    Field("empty", ""),
                ]
            ])
    }

    @Test func `send --ndjson adds a line as an entry, strings as they are and the rest as written`() throws {
        let scene = try Scene()
        let input = try directory.write(
            """
            {"type":"created","total":12.50,"paid":true,"items":[{"b":1,"a":"x/y"}],"note":null}

            {"größe":"ü \\n"}
            """, to: "events.ndjson")
        let result = try footbridge("send", "orders", "--ndjson", "--redis", scene.server.url, input: input)
        #expect(result.exit == .status(0))
        #expect(result.output == "")
        #expect(result.error.hasPrefix("2 entries"))
        #expect(
            try scene.redis.entries("orders") == [
                [
                    Field("type", "created"), Field("total", "12.50"), Field("paid", "true"),
                    Field("items", #"[{"b":1,"a":"x/y"}]"#), Field("note", "null"),
                ],
                [Field("größe", "ü \n")],
            ])
    }

    @Test func `send --ndjson stops at a line that is no object, and says which`() throws {
        let scene = try Scene()
        let input = try directory.write("{\"n\":\"1\"}\n[1]\n{\"n\":\"3\"}\n", to: "events.ndjson")
        let result = try footbridge("send", "orders", "--ndjson", "--redis", scene.server.url, input: input)
        #expect(result.exit == .status(65))
        #expect(result.error.contains("line 2: not a JSON object"))
        #expect(try scene.redis.entries("orders") == [[Field("n", "1")]])
    }

    @Test func `send without a Redis exits 69`() throws {
        let port = try RefusingPort()
        let result = try footbridge("send", "--redis", "redis://127.0.0.1:\(port.number)/0", "orders", "n=1")
        #expect(result.exit == .status(69))
        #expect(result.error.hasPrefix("footbridge: cannot reach Redis at 127.0.0.1:"))
    }
}
