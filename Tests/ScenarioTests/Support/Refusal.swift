import Foundation
import TestSupport
import Testing

/// Something that Redis refuses from one moment to another, though the connections stand.
struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The beginning of what the bridge says then.
    var says = "Redis does not settle entries; they are kept"
    let begin: @Sendable (Scene) throws -> Void
    let end: @Sendable (Scene) throws -> Void

    /// The last snapshot could not be written.
    static let misconf = Refusal(testDescription: "MISCONF") { scene in
        try expectOK(scene.redis.command("CONFIG", "SET", "save", "3600 1000000"))
        // What is renamed to this name cannot replace a directory, not even by root.
        let path = scene.server.directory.file("dump.rdb")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try scene.redis.command("BGSAVE")
        try eventually("the snapshot fails") { try scene.redis.info("rdb_last_bgsave_status") == "err" }
    } end: { scene in
        try FileManager.default.removeItem(atPath: scene.server.directory.file("dump.rdb"))
        try scene.redis.command("BGSAVE")
        try eventually("the snapshot is written") { try scene.redis.info("rdb_last_bgsave_status") == "ok" }
    }

    static let noReplicas = Refusal(testDescription: "NOREPLICAS") {
        try expectOK($0.redis.command("CONFIG", "SET", "min-replicas-to-write", "1"))
    } end: {
        try expectOK($0.redis.command("CONFIG", "SET", "min-replicas-to-write", "0"))
    }

    /// The master becomes a replica, and a master again.
    static let readOnly = Refusal(testDescription: "READONLY", says: "Redis cannot be used") {
        try expectOK($0.redis.command("REPLICAOF", "127.0.0.1", "1"))
    } end: {
        try expectOK($0.redis.command("REPLICAOF", "NO", "ONE"))
    }

    /// A script that does not end.
    static let busy = Refusal(testDescription: "BUSY") { scene in
        try expectOK(scene.redis.command("CONFIG", "SET", "lua-time-limit", "20"))
        let probe = try scene.server.probe()
        Thread.detachNewThread { _ = try? probe.command("EVAL", "while true do end", "0") }
        try eventually("the script runs") { try scene.redis.command("PING").text?.hasPrefix("BUSY") == true }
    } end: { scene in
        try expectOK(scene.redis.command("SCRIPT", "KILL"))
        try eventually("the script has ended") { try scene.redis.command("PING") == .simple("PONG") }
    }

    /// A right is taken away from the bridge's user.
    static func mayNot(_ command: String, says: String) -> Refusal {
        Refusal(testDescription: "NOPERM \(command)", says: says) {
            try expectOK($0.redis.command("ACL", "SETUSER", Scene.user, "-\(command)"))
        } end: {
            try expectOK($0.redis.command("ACL", "SETUSER", Scene.user, "+\(command)"))
        }
    }

    private static func expectOK(_ reply: RedisReply) throws {
        guard reply == .simple("OK") else { throw TestSupportError("\(reply)") }
    }
}

extension Scene {
    /// A user that the bridge logs in as, who may do everything until a right is taken away.
    static let user = "bridge"

    func useUser() throws {
        let words = ["ACL", "SETUSER", Self.user, "on", ">secret", "~*", "&*", "+@all"]
        guard try redis.command(words.map { Array($0.utf8) }) == .simple("OK") else {
            throw TestSupportError("no user")
        }
        file.redis = "{ url: \"redis://\(Self.user):secret@127.0.0.1:\(server.port)/0\" }"
    }
}
