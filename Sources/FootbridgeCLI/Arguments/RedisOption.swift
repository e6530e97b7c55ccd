import ArgumentParser
import Foundation
import RedisStreams

/// Where Redis is, for tools that need no bridge.
struct RedisOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The server. Without it: that of the configuration that -c names, else $REDIS_URL, else that of the usual \
            configuration, if there is one, else redis://localhost:6379/0.
            """, valueName: "url"))
    var redis: String?

    @OptionGroup var config: ConfigOption
    @OptionGroup var state: StateOption

    func connection() throws -> ToolConnection {
        let variable = ProcessInfo.processInfo.environment["REDIS_URL"].flatMap { $0.isEmpty ? nil : $0 }
        if redis == nil, config.path == nil, let variable {
            return try ToolConnection(variable, saidBy: "REDIS_URL", config: config, state: state)
        }
        return try ToolConnection(redis, config: config, state: state)
    }

    /// Connects, does the work, and tells what went wrong, with its cure.
    ///
    /// - Parameters:
    ///   - streams: what the work is about, for the cure.
    ///   - group: likewise.
    func perform(
        on streams: [String], group: String? = nil, _ body: (Redis) async throws -> Void
    ) async throws {
        let connection = try connection()
        let redis = try await connection.openStreams()
        do {
            try await body(redis)
            await redis.close()
        } catch {
            let trouble = StreamTrouble(connection: connection, redis: redis, streams: streams, group: group)
            let exit = await trouble.exit(for: error)
            await redis.close()
            throw exit
        }
    }
}

extension Array where Element: Hashable {
    /// Each once, in their order: Redis takes a stream only once in a command.
    var distinct: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
