import Glibc
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct ReplicaWaits {
    /// A master, a replica that follows it, and a route that holds at most sixteen entries.
    private func makeScene() throws -> (Scene, replica: RedisServer) {
        let scene = try Scene(.init(arguments: ["--repl-diskless-sync-delay", "0"]))
        let replica = try RedisServer(.init(arguments: ["--replicaof", "127.0.0.1", "\(scene.server.port)"]))
        try eventually("the replica is known") {
            try scene.redis.command("INFO", "replication").text?.contains("state=online") == true
        }
        // Only with its first sign of life, up to a second later, it is sent what is written.
        #expect(try scene.redis.command("SET", "any", "thing") == .simple("OK"))
        #expect(try scene.redis.command("WAIT", "1", "5000") == 1)
        scene.file.redis = "{ url: \"\(scene.server.url)\", wait_for_ack: { replicas: 1, timeout: 200ms } }"
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.keys["concurrency"] = "4"
        return (scene, replica)
    }

    private let tooFew = "too few replicas confirm what is settled; routes stop reading when they are full"
    private let again = "replicas confirm again what is settled"

    private func shortages(_ admin: AdminProbe) throws -> Double {
        try admin.metrics()["footbridge_replica_shortages_total"] ?? -1
    }

    /// Waits until WAIT has been in vain a few times more.
    private func waitInVain(_ admin: AdminProbe) throws {
        let before = try shortages(admin)
        try eventually("waited in vain") { try shortages(admin) >= before + 3 }
    }

    @Test func `a bridge does not run ahead of a replica that is away, and goes on when it is back`() throws {
        let (scene, replica) = try makeScene()
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.redis.add(numbers: 0..<50)
        try scene.receiver.waitFor(count: 50)
        try scene.waitUntilSettled()
        #expect(try shortages(admin) == 0)
        #expect(try scene.redis.command("INFO", "commandstats").text?.contains("cmdstat_wait:calls=") == true)

        replica.pause()
        try scene.redis.add(numbers: 50..<150)
        try bridge.waitForLog(tooFew)
        try waitInVain(admin)
        let held = scene.receiver.ledger.count - 50
        #expect((1...16).contains(held))
        // On the master they are settled.
        #expect(try scene.redis.pending() == [])
        try waitInVain(admin)
        #expect(scene.receiver.ledger.count == 50 + held)

        replica.resume()
        try scene.receiver.waitFor(count: 150)
        try scene.waitUntilSettled()
        try bridge.waitForLog(again)
        #expect(try bridge.stop() == .status(0))
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<150).map(body)))
        #expect(scene.receiver.ledger.count == 150)
        #expect(bridge.logs(tooFew).map(\.metadata) == [["count": "0", "needed": "1"]])
        #expect(bridge.logs(again).count == 1)
        #expect(try replica.probe().pending() == [])
    }

    @Test func `a stop without the replica ends in time, and repeats nothing`() throws {
        let (scene, replica) = try makeScene()
        scene.file.route.keys["drain_timeout"] = "800ms"
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        replica.pause()
        try scene.redis.add(numbers: 0..<100)
        try bridge.waitForLog(tooFew)
        try waitInVain(admin)
        let (exit, time) = try timed { try bridge.stop() }
        #expect(exit == .status(0))
        #expect(time < .seconds(3))
        #expect(bridge.logs("stopping, though too few replicas have confirmed what was settled").count == 1)
        #expect(bridge.logs("footbridge stopped").map(\.metadata) == [[:]])
        #expect(try scene.redis.pending() == [])

        replica.resume()
        try scene.run()
        try scene.receiver.waitFor(count: 100)
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 100)
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<100).map(body)))
        #expect(Set(scene.receiver.ledger.attempts) == ["1"])
    }

    @Test func `dead letters wait for the replica, too, and a lost connection costs nothing`() throws {
        let (scene, replica) = try makeScene()
        // Every second entry is refused.
        let bad = try Scene {
            Int($0.text.filter(\.isNumber)).map { $0 % 2 == 1 } == true ? .answer(400) : .answer(200)
        }
        scene.file.route.url = bad.receiver.url
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        replica.pause()
        try scene.redis.add(numbers: 0..<80)
        try bridge.waitForLog(tooFew)
        // Then the master has all that the route may hold.
        try waitInVain(admin)
        try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        // What is sent again was written before; all the same it is not on the replica.
        try eventually("connected again") { bridge.logs("connected to Redis").count == 2 }
        try waitInVain(admin)
        #expect(bad.receiver.ledger.acceptedIDs.count <= 16)
        #expect(bridge.logs(again) == [])
        replica.resume()
        try bad.receiver.waitUntil { $0.byID.count == 80 }
        // Something is accepted after the last ones that were refused.
        try scene.redis.add(numbers: [80])
        try eventually("all are dead letters") { try scene.redis.entries("{orders}:dead:orders").count >= 40 }
        try scene.waitUntilSettled()
        try eventually("all are told") { bridge.toldLetters >= 40 }
        #expect(try bridge.stop() == .status(0))
        #expect(try scene.redis.entries("{orders}:dead:orders").count == 40)
        #expect(bridge.toldLetters == 40)
        #expect(try replica.probe().entries("{orders}:dead:orders").count == 40)
    }

    @Test func `the check tells how many replicas confirm, and who may not ask them`() throws {
        let (scene, replica) = try makeScene()
        func check() throws -> CommandResult { try footbridge("check", "--live", "-c", scene.writeFile()) }
        #expect(try check().output.contains("\n  ok     wait_for_ack: 1 of 1 replica confirms\n"))
        replica.pause()
        let away = try check()
        #expect(away.exit == .status(0))
        #expect(
            away.output.contains(
                "\n  warn   wait_for_ack: 0 of 1 replicas confirm in time: routes stop reading until they do\n"))
        replica.resume()
        scene.file.redis = scene.file.redis.replacing("redis://", with: "redis://bob:pw@")
        for missing in ["-wait", "-publish", "resetchannels"] {
            let rules = ["ACL", "SETUSER", "bob", "reset", "on", ">pw", "~*", "&*", "+@all", missing]
            #expect(try scene.redis.command(rules.map { Array($0.utf8) }) == .simple("OK"))
            let refused = try check()
            #expect(refused.exit == .status(78))
            #expect(
                refused.output.contains(
                    "\n  error  wait_for_ack: user bob may not wait, so nothing would count as settled; "
                        + "allow it: ACL SETUSER bob +wait +publish &footbridge:wait\n"))
        }
    }
}
