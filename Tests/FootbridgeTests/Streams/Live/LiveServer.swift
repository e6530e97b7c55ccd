import FootbridgeRedis
import TestSupport
import Testing

/// A real server, a client that sends scripts as the bridge does, and one that looks at what they left.
struct LiveServer: Sendable {
    @TaskLocal static var current: LiveServer?

    let server: RedisServer
    let client: RedisClient
    let probe: RedisProbe

    static func start(_ options: RedisServer.Options = .init()) async throws -> LiveServer {
        let (server, probe) = try await onThread {
            let server = try RedisServer(options)
            return (server, try server.probe())
        }
        let client = try RedisClient(RedisTarget(RedisURL(server.url)))
        try await client.connect()
        return LiveServer(server: server, client: client, probe: probe)
    }
}
