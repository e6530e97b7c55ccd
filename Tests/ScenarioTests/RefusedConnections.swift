import Glibc
import TestSupport
import TestThreads
import Testing

/// A Redis that lets nobody in is asked again for ever, and seldom.
@Suite(.serialized, .ownThreads) struct RefusedConnections {
    private func makeScene() throws -> Scene {
        let scene = try Scene { _ in .answerAfter(.milliseconds(4), 200) }
        try scene.useUser()
        scene.file.route.keys["concurrency"] = "8"
        try scene.redis.add(numbers: 0..<200)
        return scene
    }

    /// Cuts all connections but the test's own while nobody is let in, and lets them in again.
    private func rideOut(_ scene: Scene, saying cause: String, shut: [String], open: [String]) throws {
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 50)
        for command in [shut, ["CONFIG", "RESETSTAT"], ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]] {
            try scene.redis.command(command.map { Array($0.utf8) })
        }
        try bridge.waitForLog("Redis cannot be used")
        #expect(bridge.logs("Redis cannot be used").first?.metadata["error"]?.contains(cause) == true)
        letPass(.seconds(1))
        let attempts = try ["total_connections_received", "rejected_connections"].reduce(0) {
            try $0 + (scene.redis.info($1).flatMap { Int($0) } ?? 0)
        }
        // Three connections, 100, 200, 400 … ms after each failure.
        #expect((3...30).contains(attempts))
        let left = scene.receiver.ledger.count
        try scene.redis.command(open.map { Array($0.utf8) })
        try scene.receiver.waitFor(count: 200)
        try scene.waitUntilSettled()
        #expect(left < 200)
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<200).map(body)))
        #expect(scene.receiver.ledger.duplicates == 0)
        #expect(bridge.repetitions == [])
        #expect(bridge.logs("connected to Redis").count == 2)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a server with too many clients`() throws {
        try rideOut(
            makeScene(), saying: "max number of clients", shut: ["CONFIG", "SET", "maxclients", "1"],
            open: ["CONFIG", "SET", "maxclients", "1000"])
    }

    @Test func `a password that is another for a while`() throws {
        try rideOut(
            makeScene(), saying: "WRONGPASS", shut: ["ACL", "SETUSER", Scene.user, "resetpass", ">other"],
            open: ["ACL", "SETUSER", Scene.user, ">secret"])
    }

    @Test func `a user that is not there for a while`() throws {
        try rideOut(
            makeScene(), saying: "WRONGPASS", shut: ["ACL", "DELUSER", Scene.user],
            open: ["ACL", "SETUSER", Scene.user, "on", ">secret", "~*", "&*", "+@all"])
    }
}
