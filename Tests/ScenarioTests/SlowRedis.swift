import Glibc
import TestSupport
import Testing

/// A Redis that takes its time is waited for.
@Suite(.serialized, .ownThreads) struct SlowRedis {
    @Test func `while Redis is paused for longer than half of claim_after nothing is sent, and nothing lost`() throws {
        let scene = try Scene { _ in .answerAfter(.milliseconds(400), 200) }
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.keys["claim_after"] = "2s"
        scene.file.route.keys["concurrency"] = "1"
        try scene.redis.add(numbers: 0..<8)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 1)
        // Four are held: enough for 1.6 s, where half of claim_after is 1 s.
        try eventually("the window is full") { try scene.redis.pending().count == 4 }
        // The pause begins and ends between these and those 4 s later, however long the reply is on its way.
        let before = ContinuousClock.now
        #expect(try scene.redis.command("CLIENT", "PAUSE", "4000", "ALL") == .simple("OK"))
        let after = ContinuousClock.now
        let ledger = try scene.receiver.waitFor(count: 8, timeout: .seconds(30))
        try scene.waitUntilSettled()
        let quiet = after + .seconds(2)..<max(after + .seconds(2), before + .seconds(4))
        #expect(ledger.map(\.time).filter(quiet.contains) == [])
        #expect(scene.receiver.ledger.count == 8)
        #expect(Set(ledger.acceptedBodies) == Set((0..<8).map(body)))
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
