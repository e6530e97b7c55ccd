import Glibc
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct SurvivesRedis {
    private func makeScene(appendOnly: Bool = false, choice: ServerChoice = .redis) throws -> Scene {
        let options = RedisServer.Options(appendOnly: appendOnly, choice: choice)
        let scene = try Scene(options) { _ in .answerAfter(.milliseconds(4), 200) }
        scene.file.route.keys["concurrency"] = "8"
        return scene
    }

    private func expectEachOnce(_ scene: Scene, _ count: Int, redis: RedisProbe? = nil) throws {
        let redis = redis ?? scene.redis
        let ledger = try scene.receiver.waitFor(count: count, timeout: .seconds(20))
        try eventually("settled") { try redis.unsettled() == 0 }
        #expect(Set(ledger.acceptedBodies) == Set((0..<count).map(body)))
        #expect(scene.receiver.ledger.count == count)
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func `a Redis that is restarted costs nothing and is said once`(signal: Int32) throws {
        let scene = try makeScene(appendOnly: true)
        try scene.redis.add(numbers: 0..<400)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 100)
        try scene.server.kill(signal)
        try bridge.waitForLog("Redis is unreachable")
        try scene.server.restart()
        try expectEachOnce(scene, 400, redis: try scene.server.probe())
        #expect(bridge.logs("Redis is unreachable").count == 1)
        #expect(bridge.logs("connected to Redis").count == 2)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a Redis that is not there yet is waited for`() throws {
        let scene = try makeScene(appendOnly: true)
        try scene.redis.add(numbers: 0..<10)
        try scene.server.stop()
        let bridge = try scene.run()
        try bridge.waitForLog("Redis is unreachable")
        try scene.server.restart()
        try expectEachOnce(scene, 10, redis: try scene.server.probe())
    }

    @Test func `connections that are cut again and again cost nothing`() throws {
        let scene = try makeScene()
        try scene.redis.add(numbers: 0..<400)
        let bridge = try scene.run()
        for cut in 1...4 {
            try scene.receiver.waitFor(count: 60 * cut)
            try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        }
        try expectEachOnce(scene, 400)
        #expect(bridge.exit == nil)
    }

    /// For longer than a command waits for its reply (5 s), and than half of `claim_after`.
    @Test func `a hung Redis is waited for`() throws {
        let scene = try makeScene()
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.keys["claim_after"] = "4s"
        try scene.redis.add(numbers: 0..<200)
        try scene.run()
        try scene.receiver.waitFor(count: 50)
        scene.server.pause()
        letPass(.seconds(6))
        scene.server.resume()
        try expectEachOnce(scene, 200)
    }

    @Test(arguments: ServerChoice.allCases)
    func `a group that is destroyed is made again where it stood`(server: ServerChoice) throws {
        let scene = try makeScene(choice: server)
        try scene.redis.add(numbers: 0..<20)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 20)
        try scene.waitUntilSettled()
        #expect(try scene.redis.command("XGROUP", "DESTROY", "orders", "orders") == 1)
        try scene.redis.add(numbers: 20..<40)
        try bridge.waitForLog("the consumer group was gone; made again")
        try scene.redis.add(numbers: 40..<60)
        try expectEachOnce(scene, 60)
        #expect(bridge.logs("the consumer group was gone; made again where it stood").count == 1)
    }

    @Test(arguments: ["new", "beginning"], [true, false])
    func `a group that is destroyed before anything was read is made again where it stood`(
        start: String, isOwn: Bool
    ) throws {
        let scene = try makeScene()
        scene.file.route.keys["start"] = start
        var count = 0
        if !isOwn {
            // The group is one that an earlier run has made, and moved.
            let earlier = try scene.run()
            try eventually("the group is made") { try scene.redis.unsettled() == 0 }
            try scene.redis.add(numbers: 0..<20)
            try scene.receiver.waitFor(count: 20)
            try scene.waitUntilSettled()
            #expect(try earlier.stop() == .status(0))
            count = 20
        }
        try scene.run()
        try eventually("it waits for entries") {
            let clients = try scene.redis.command("CLIENT", "LIST").text?.split(separator: "\n") ?? []
            return clients.contains { $0.contains("cmd=xreadgroup") && $0.contains("flags=b") }
        }
        let destroy = ["XGROUP", "DESTROY", "orders", "orders"]
        let additions = (count..<count + 20).map { ["XADD", "orders", "*", "n", "\($0)"] }
        let replies = try scene.redis.pipeline(([destroy] + additions).map { $0.map { Array($0.utf8) } })
        #expect(replies[0] == 1)
        try expectEachOnce(scene, count + 20)
    }

    @Test func `unread entries that are trimmed are told, once`() throws {
        let gate = Gate()
        let scene = try Scene { _ in .answerWhenOpen(gate, 200) }
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        scene.file.route.keys["concurrency"] = "1"
        try scene.redis.add(numbers: 0..<4)
        let bridge = try scene.run()
        // As many as a route of one request in flight holds: the rest is not read.
        try eventually("the window is full") { try scene.redis.pending().count == 4 }
        try scene.redis.add(numbers: 4..<20)
        #expect(try scene.redis.command("XTRIM", "orders", "MAXLEN", "=", "6") == 14)
        try bridge.waitForLog("entries were trimmed or deleted before they were read")
        gate.open()
        try scene.waitUntilSettled()
        #expect(
            bridge.logs().filter { $0.message.hasPrefix("entries were trimmed") }.map { $0.metadata["count"] } == ["10"]
        )
    }

    @Test func `a group that is moved back delivers again, and says so`() throws {
        let scene = try makeScene()
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        try scene.redis.add(numbers: 0..<10)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 10)
        try scene.waitUntilSettled()
        #expect(try scene.redis.command("XGROUP", "SETID", "orders", "orders", "0") == .simple("OK"))
        try scene.redis.add(numbers: [10])
        try scene.receiver.waitFor(count: 21)
        try scene.waitUntilSettled()
        try bridge.waitForLog("the group was moved back")
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0...10).map(body)))
    }

    @Test(arguments: [["a"], ["a", "b"]])
    func `entries that wait for their next attempt outlive their group`(instances: [String]) throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.retry(attempts: 5, every: "1s")
        scene.file.route.keys["concurrency"] = "4"
        let bridges = try instances.map { try scene.run(as: $0) }
        for number in 0..<20 { try scene.redis.add(numbers: [number]) }
        try scene.receiver.waitFor(count: 20)
        try eventually("all wait") { try scene.redis.pending().count == 20 }
        #expect(try scene.redis.command("XGROUP", "DESTROY", "orders", "orders") == 1)
        let ledger = try scene.receiver.waitUntil(timeout: .seconds(5)) { Set($0.acceptedIDs).count == 20 }
        try scene.waitUntilSettled()
        // Of two instances, the one that is first may have read less than the other: it reads the rest anew.
        guard instances.count == 1 else { return }
        #expect(Set(ledger.byID.values.map(\.attempts)) == [["1", "2"]])
        #expect(bridges[0].logs("a waiting entry is not ours any more") == [])
    }
}
