import Glibc
import TestSupport
import TestThreads
import Testing

/// A Redis that takes its time is waited for.
@Suite(.serialized, .ownThreads) struct SlowRedis {
    @Test func `while Redis is paused for longer than half of claim_after nothing is sent, and nothing lost`() throws {
        let scene = try Scene { _ in .answerAfter(.milliseconds(900), 200) }
        scene.file.route.webhook["timeout"] = "1400ms"
        scene.file.route.keys["claim_after"] = "3s"
        scene.file.route.keys["concurrency"] = "1"
        try scene.redis.add(numbers: 0..<5)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 1)
        // Four are held. The last of them would be sent 2.7 s after the first; half of claim_after is 1.5 s.
        try eventually("the window is full") { try scene.redis.pending().count == 4 }
        // The pause begins and ends between these and those 4 s later, however long the reply is on its way.
        let before = ContinuousClock.now
        #expect(try scene.redis.command("CLIENT", "PAUSE", "4000", "ALL") == .simple("OK"))
        let after = ContinuousClock.now
        let ledger = try scene.receiver.waitFor(count: 5, timeout: .seconds(30))
        try scene.waitUntilSettled()
        let quiet = after + .milliseconds(2200)..<max(after + .milliseconds(2200), before + .seconds(4))
        #expect(ledger.map(\.time).filter(quiet.contains) == [])
        #expect(scene.receiver.ledger.count == 5)
        #expect(Set(ledger.acceptedBodies) == Set((0..<5).map(body)))
        #expect(bridge.logs().filter { $0.level != "info" && $0.message != "Redis has something to look at" } == [])
    }

    /// A read waits for 5 s. Some servers begin anew to count them when another consumer was quicker.
    @Test func `a read that brings nothing in all its time keeps its connection`() throws {
        let scene = try Scene()
        let bridge = try scene.run()
        try eventually("the next read waits on a connection that is older than a read takes", timeout: .seconds(20)) {
            let clients = try scene.redis.command("CLIENT", "LIST").text?.split(separator: "\n") ?? []
            let reader = clients.first { $0.contains("cmd=xreadgroup") && $0.contains("flags=b") }
            let age = reader?.split(separator: " ").first { $0.hasPrefix("age=") }?.dropFirst(4)
            return age.flatMap { Int($0) }.map { $0 >= 7 } ?? false
        }
        #expect(bridge.logs().filter { $0.level != "info" && $0.message != "Redis has something to look at" } == [])
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
