import RedisStreams
import TestSupport

/// A real server of a test, and a client of it.
struct LiveRedis: Sendable {
    let server: RedisServer
    let redis: Redis

    static func start(_ options: RedisServer.Options = .init(), deadline: Duration = .seconds(5)) async throws
        -> LiveRedis
    {
        let server = try await onThread { try RedisServer(options) }
        return LiveRedis(server: server, redis: try await Redis.connect(server.url, deadline: deadline))
    }

    /// Waits for a state of the server that nobody is told of. For long: the client runs on the threads that all tests
    /// of this process share, and may have to wait for a turn.
    func eventually(
        _ what: String, timeout: Duration = .seconds(60), _ condition: @escaping @Sendable (RedisProbe) throws -> Bool
    ) async throws {
        let server = server
        try await onThread {
            let probe = try server.probe()
            try TestSupport.eventually(what, timeout: timeout) { try condition(probe) }
        }
    }

    /// Waits until so many clients are blocked in a read.
    func waitUntilBlocked(_ count: Int = 1, timeout: Duration = .seconds(60)) async throws {
        try await eventually("\(count) blocked clients", timeout: timeout) {
            try $0.command("INFO", "clients").text?.contains("blocked_clients:\(count)\r\n") == true
        }
    }
}
