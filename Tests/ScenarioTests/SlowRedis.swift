import Glibc
import TestSupport
import Testing

/// A Redis that takes its time is waited for.
@Suite(.serialized, .ownThreads) struct SlowRedis {
    @Test func `while Redis is paused for longer than half of claim_after nothing is sent, and nothing lost`() throws {
        let scene = try Scene { _ in .answerAfter(.milliseconds(200), 200) }
        scene.file.route.webhook["timeout"] = "500ms"
        scene.file.route.keys["claim_after"] = "1s"
        scene.file.route.keys["concurrency"] = "1"
        try scene.redis.add(numbers: 0..<12)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 1)
        // Four are held: enough for 800 ms.
        try eventually("the window is full") { try scene.redis.pending().count == 4 }
        #expect(try scene.redis.command("CLIENT", "PAUSE", "1500", "ALL") == .simple("OK"))
        let paused = ContinuousClock.now
        let ledger = try scene.receiver.waitFor(count: 12)
        try scene.waitUntilSettled()
        let times = ledger.map { $0.time - paused }
        #expect(times.filter { $0 > .milliseconds(600) && $0 < .milliseconds(1450) } == [])
        #expect(scene.receiver.ledger.count == 12)
        #expect(Set(ledger.acceptedBodies) == Set((0..<12).map(body)))
        #expect(bridge.logs().filter { $0.level != "info" } == [])
    }

    @Test func `a Redis that loads its data is waited for`() throws {
        // 5 ms for each key, and a look at the clients for each KiB.
        let slowly = ["--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024"]
        let scene = try Scene(.init(arguments: slowly + ["--rdbcompression", "no"])) { _ in
            .answerAfter(.milliseconds(4), 200)
        }
        let words = (0..<300).map { ["SET", "filler:\($0)", String(repeating: "x", count: 2048)] }
        _ = try scene.redis.pipeline(words.map { $0.map { Array($0.utf8) } })
        scene.file.route.keys["concurrency"] = "8"
        let bridge = try scene.run()
        try eventually("the group is there") { try scene.redis.unsettled() == 0 }
        try scene.redis.add(numbers: 0..<200)
        #expect(try scene.redis.command("SAVE") == .simple("OK"))
        try scene.server.restartWithoutWaiting()
        try bridge.waitForLog("cannot read")
        #expect(bridge.logs("cannot read").first?.metadata["error"]?.hasPrefix("LOADING ") == true)
        let connection = try scene.server.probe()
        #expect(try connection.command("PING").text?.hasPrefix("LOADING ") == true)
        try scene.server.waitUntilReady(timeout: .seconds(20))
        let redis = try scene.server.probe()
        let commands = try redis.commandsReceived()
        #expect(commands < 60)
        try scene.receiver.waitUntil { Set($0.acceptedBodies) == Set((0..<200).map(body)) }
        try eventually("settled") { try redis.unsettled() == 0 }
        #expect(bridge.repetitions == [])
        #expect(try bridge.stop() == .status(0))
    }
}
