import ArgumentParser
import FootbridgeCurl
import FootbridgeRedis
import FoundationEssentials
import RedisStreams

/// Where Redis is, for tools that need no bridge.
struct RedisOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The server. Without it: that of the configuration that -c names, else of the usual one, if there is one, else \
            $REDIS_URL, else redis://localhost:6379/0.
            """, valueName: "url"))
    var redis: String?

    @OptionGroup var config: ConfigOption
    @OptionGroup var state: StateOption

    /// Where it is. If a configuration was found and `$REDIS_URL` names another server, it says which one was chosen.
    func connection() throws -> ToolConnection {
        let variable = ProcessInfo.processInfo.environment["REDIS_URL"].flatMap { $0.isEmpty ? nil : $0 }
        guard redis == nil, config.path == nil, let variable else {
            return try ToolConnection(redis, config: config, state: state)
        }
        guard config.isFound else {
            return try ToolConnection(variable, saidBy: "REDIS_URL", config: config, state: state)
        }
        let chosen: ToolConnection
        do {
            chosen = try ToolConnection(nil, config: config, state: state)
        } catch {
            complain(
                "footbridge: $REDIS_URL does not count beside \(config.resolved); --redis \"$REDIS_URL\" goes by it")
            throw error
        }
        let other = (try? RedisURL(variable)).map { RedisTarget($0) }
        if other?.isSameServer(as: chosen.target) != true {
            complain(
                "footbridge: taking the Redis of \(config.resolved), \(chosen.target.database), not that of $REDIS_URL"
                    + "\(other.map { ", \($0.database)" } ?? ""); choose with -c or --redis")
        }
        return chosen
    }

    /// Connects, does the work, and tells what went wrong, with its cure.
    ///
    /// - Parameters:
    ///   - streams: what the work is about, for the cure.
    ///   - group: likewise.
    ///   - isMaking: whether the cure may be to make what is missing.
    func perform(
        on streams: [String], group: String? = nil, isMaking: Bool = true,
        _ body: (RedisStreams.Redis) async throws -> Void
    ) async throws {
        let connection = try connection()
        let redis = try await connection.openStreams()
        do {
            try await body(redis)
            await redis.close()
        } catch {
            let trouble = StreamTrouble(
                connection: connection, redis: redis, streams: streams, group: group, isMaking: isMaking)
            let exit = await trouble.exit(for: error)
            await redis.close()
            throw exit
        }
    }
}

extension RedisTarget {
    /// What is not secret of it: `127.0.0.1:6379/0`.
    fileprivate var database: String {
        "\(sentinel.map { "the master \($0.master)" } ?? "\(socket)")/\(handshake.database)"
    }

    /// Whether the same database is meant, as the same user.
    fileprivate func isSameServer(as other: RedisTarget) -> Bool {
        socket.address == other.socket.address && sentinel == other.sentinel && handshake.user == other.handshake.user
            && handshake.database == other.handshake.database
    }
}

extension Array where Element: Hashable {
    /// Each once, in their order: Redis takes a stream only once in a command.
    var distinct: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
