import FootbridgeCurl
import FootbridgeRESP
import FootbridgeRedis
import Logging
import LoopTestSupport
import TestSupport
import Testing

@testable import Footbridge

/// A route that takes the place of another is there before it begins.
@Suite(.timeLimit(.minutes(1))) struct WaitingRouteTests {
    /// Whoever has the old one's name and token would take over what it still has in flight.
    @Test func `it asks Redis for nothing before it begins, whatever it hears`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("PING"))
            try server.send("+PONG\r\n")
            try server.expectEnd()
        }
        try await onLoop { actor in
            let target = RedisTarget(
                socket: SocketTarget(address: .tcp(host: "127.0.0.1", port: server.port)), handshake: RedisHandshake())
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let context = WorkerContext(
                loop: actor.loop, consumer: "a.1", target: target, waitForAck: nil, logger: logger)
            let config = RouteConfig(
                name: "orders", streams: ["s"], group: "g", destination: .webhook(WebhookConfig(url: "http://a")))
            let route = try Route(config, worker: context, logger: logger)
            context.commands.onUp = { _ in route.didConnectCommands() }
            context.commands.start()
            try await turns(of: actor.loop) { context.commands.connection != nil }
            for session in route.sessions { session.heard("a.1") }
            let connection = try #require(context.commands.connection)
            let isAnswered: Bool = try await callback { done in
                connection.send(["PING"]) { done((try? $0.get()) != nil) }
            }
            #expect(isAnswered)
            context.stop()
            context.commands.onUp = nil
        }
        #expect(try await server.failures() == [])
    }
}
