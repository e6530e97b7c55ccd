import ArgumentParser
import Footbridge
import FootbridgeCurl
import FootbridgeRedis
import Glibc
import Logging
import RedisStreams

/// How the tools reach Redis: by a URL of the command line, by the configuration, or at its usual place.
struct ToolConnection {
    let target: RedisTarget
    /// The server of a bridge that runs: a tool starts none.
    let isEmbedded: Bool

    private static let clientName = "footbridge-cli"

    private init(target: RedisTarget, isEmbedded: Bool) {
        self.target = target
        self.isEmbedded = isEmbedded
    }

    init(_ url: RedisURL, isEmbedded: Bool = false) {
        self.init(target: RedisTarget(url, defaultClientName: Self.clientName), isEmbedded: isEmbedded)
    }

    /// - Parameter source: who named the URL, for errors.
    // Inlined into the `run` of a command, Swift 6.3.1 crashes in the release build (LLVM, “while splitting coroutine”).
    @inline(never)
    init(_ url: String?, saidBy source: String = "--redis", config: ConfigOption, state: StateOption) throws {
        if let url {
            do throws(RedisURLError) {
                try self.init(RedisURL(url))
            } catch {
                throw ValidationError("\(source): \(error)")
            }
        } else if config.path == nil && !config.isFound {
            try self.init(RedisURL("redis://localhost:6379/0"))
        } else {
            let source = try config.loadRedis()
            if let target = source.target(clientName: Self.clientName) {
                self.init(target: target, isEmbedded: false)
            } else {
                let embedded = source.ownServer ?? EmbeddedConfig()
                try self.init(state.embeddedURL(embedded, config: config.resolved), isEmbedded: true)
            }
        }
    }

    /// The path of the server's own socket, to which that in a state directory may be a link.
    var realSocket: String? {
        guard case .unix(let path) = target.socket.address else { return nil }
        var room = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &room, room.count - 1)
        return count > 0 ? String(decoding: room[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : path
    }

    /// - Throws: the exit code, after the trouble was told.
    func open() async throws -> RedisClient {
        let client = try RedisClient(target)
        do throws(RedisError) {
            try await client.connect()
            return client
        } catch {
            await client.close()
            throw trouble(error).failed
        }
    }

    /// The same for the library's client.
    func openStreams() async throws -> Redis {
        do {
            return try await Redis.connect(to: target)
        } catch let error as RedisError {
            throw trouble(error).failed
        }
    }

    func trouble(_ error: RedisError) -> RedisTrouble { RedisTrouble(error, at: target, isEmbedded: isEmbedded) }
}
