import RedisStreams
import TestSupport

/// One server with both libraries at it.
struct Peers: Sendable {
    let live: LiveRedis
    let walrus: Walrus

    var redis: Redis { live.redis }

    static func start(_ choice: ServerChoice = .redis, timeZone: String = "UTC") async throws -> Peers {
        let live = try await LiveRedis.start(.init(choice: choice))
        return Peers(live: live, walrus: try Walrus(live.server, timeZone: timeZone))
    }

    /// As walrus sees what is pending: `[id, consumer, deliveries]` each.
    func pendingByWalrus(_ stream: String) async throws -> RedisReply {
        try await walrus(
            "[(p['message_id'], p['consumer'], p['times_delivered']) for p in \(stream).pending()]")
    }

    /// As if all that is pending had been delivered a minute ago.
    func age(_ group: GroupStream, _ name: String) async throws {
        for entry in try await group.pending() {
            _ = try await redis.send(
                "XCLAIM", group.stream.key, name, entry.consumer, 0, entry.id, "IDLE", 60_000, "JUSTID")
        }
    }
}
