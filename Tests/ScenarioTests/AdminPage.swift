import Foundation
import TestSupport
import TestThreads
import Testing

/// The page of the admin server, used in Chromium by `Tests/Page/checks.py`.
@Suite(.serialized, .ownThreads) struct AdminPage {
    private let token = "geheim-4711"

    /// Runs the checks and waits for their end.
    ///
    /// - Returns: how they ended, and a line of each.
    private func check(_ url: String, _ arguments: String...) throws -> (exit: ChildProcess.Exit, lines: String) {
        let checks = try python("checks.py", [url, "--token", token] + arguments)
        let exit = try checks.waitForExit(timeout: .seconds(240))
        return (exit, checks.output + checks.errorOutput)
    }

    private func python(_ script: String, _ arguments: [String]) throws -> ChildProcess {
        let python = Repository.path(".venv/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw TestSupportError("there is no .venv/bin/python with selenium: `make test` installs it")
        }
        return try ChildProcess(python, [Repository.path("Tests/Page/\(script)")] + arguments)
    }

    @Test func `it does all that it has to against an API that is faked, misbehaves and is hostile`() throws {
        let mock = try python("mock.py", ["--token", token])
        try mock.waitForOutput(containing: "\n")
        let (exit, lines) = try check("http://127.0.0.1:\(mock.output.prefix { $0 != "\n" })", "--mock")
        #expect(exit == .status(0), "\(lines)")
    }

    @Test func `it does the same on a bridge with dead letters and entries that wait`() throws {
        let script = "<script>window.broken = 1</script>"
        let isMended = Gate()
        let scene = try Scene { request in
            if request.text.contains("slow") { return .answer(503, body: "\(script) later") }
            guard request.text.contains("bad"), !isMended.wait(timeout: .zero) else { return .answer(200) }
            return .answer(422, body: "\(script) no, thanks")
        }
        scene.file.admin = "{ listen: \"127.0.0.1:0\", token: \"\(token)\" }"
        scene.file.route.keys["retry"] = "{ attempts: 9, backoff: { initial: 1h, factor: 1, max: 1h, jitter: 0 } }"
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        for number in 0..<8 {
            try scene.redis.add([Field("kind", "bad"), Field("text", "\(script) \u{202e}\(number)")])
        }
        try scene.redis.add([Field("kind", "slow")])
        // Traffic, as long as the page is looked at: a letter is written once another entry was accepted.
        let isOver = Gate()
        let probe = try scene.server.probe()
        let producer = Thread {
            var number = 0
            while !isOver.wait(timeout: .milliseconds(20)) {
                _ = try? probe.add(numbers: [number])
                number += 1
            }
        }
        producer.start()
        defer { isOver.open() }
        try eventually("eight dead letters", timeout: .seconds(20)) {
            try deadLetters(scene) == 8
        }
        isMended.open()

        let (exit, lines) = try check("http://127.0.0.1:\(admin.port)")
        #expect(exit == .status(0), "\(lines)")
        let replayed = scene.receiver.ledger.filter {
            $0.action.accepts && $0.text.contains("bad") || $0.text.contains("edited")
        }
        #expect(replayed.count == 2, "one as it was, and one that was edited")
        #expect(replayed.contains { $0.text.contains(#"edited ü <b>\n"#) })
        // Two were replayed, and three dropped.
        #expect(try deadLetters(scene) == 3)
    }

    /// How many there are, under whichever of its names the stream goes.
    private func deadLetters(_ scene: Scene) throws -> Int {
        try ["{orders}:dead", "{orders}:dead:orders"].reduce(0) { try $0 + scene.redis.entries($1).count }
    }
}
