import FootbridgeCurl
import FootbridgeRESP
import FootbridgeRedis
import LoopTestSupport
import TestSupport

typealias Reply = Result<RESPValue, RedisError>

extension RESPValue {
    static func bulk(_ text: String) -> RESPValue { .bulkString(Array(text.utf8)[...]) }
    static func simple(_ text: String) -> RESPValue { .simpleString(Array(text.utf8)[...]) }
}

/// Runs `body` with a connection that has not greeted, to a server that says what the script says.
func dialogue<Value: Sendable>(
    limits: RESPLimits = .asServersAllow,
    _ script: @escaping StreamServer.Script,
    _ body: @Sendable (isolated TestLoop, RedisConnection) async throws -> Value
) async throws -> (value: Value, failures: [String]) {
    let server = try StreamServer(script)
    let value = try await onLoop { actor in
        let target = SocketTarget(address: .tcp(host: "127.0.0.1", port: server.port))
        let socket: Result<CurlSocket, TransportFailure> = try await callback { done in
            CurlSocket.connect(target, on: actor.loop, completion: done)
        }
        let connection = RedisConnection(socket: try socket.get(), loop: actor.loop, limits: limits)
        let value = try await body(actor, connection)
        connection.close()
        return value
    }
    return (value, try await server.failures())
}

/// Collects the replies to commands that are sent at once; gives them when all are there.
func replies(
    to commands: [RESPCommand], on connection: RedisConnection, deadline: Duration = .seconds(20)
) async throws -> [Reply] {
    try await callback { done in
        var replies: [Reply] = []
        for command in commands {
            connection.send(command, deadline: deadline) { reply in
                replies.append(reply)
                if replies.count == commands.count { done(replies) }
            }
        }
    }
}
