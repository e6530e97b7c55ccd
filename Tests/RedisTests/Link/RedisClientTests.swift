import FootbridgeCurl
import FootbridgeRESP
import TestSupport
import Testing

@testable import FootbridgeRedis

@Suite(.timeLimit(.minutes(1))) struct RedisClientTests {
    private func client(_ server: StreamServer) throws -> RedisClient {
        try RedisClient(
            .loopback(server.port))
    }

    @Test func `a pipeline goes out whole, and each command has its own result`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("A") + command("B") + command("C"))
            try server.send("+1\r\n-ERR no\r\n:3\r\n")
            try server.expectEnd()
        }
        let client = try client(server)
        try await client.connect()
        let results = await client.pipeline([["A"], ["B"], ["C"]])
        #expect(
            results == [.success(.simple("1")), .failure(.server(ServerError("ERR no".utf8))), .success(.integer(3))])
        #expect(await client.pipeline([]) == [])
        await client.close()
        #expect(try await server.failures() == [])
    }

    @Test func `a connection that is lost fails the rest of a pipeline`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("A") + command("B"))
            try server.send("+1\r\n")
        }
        let client = try client(server)
        try await client.connect()
        let results = await client.pipeline([["A"], ["B"]])
        let error = RedisError.hungUp(server.port)
        #expect(results == [.success(.simple("1")), .failure(error)])
        #expect(await client.pipeline([["C"]]) == [.failure(error)])
        await client.close()
    }

    @Test func `a server that refuses is told of, and nothing is sent to it afterwards`() async throws {
        let server = try StreamServer { server in
            try server.expect(command("HELLO", "3"))
            try server.send("-NOAUTH Authentication required.\r\n")
            try server.expectEnd()
        }
        let client = try client(server)
        let error = await #expect(throws: RedisError.self) { try await client.connect() }
        #expect(error == .refused("NOAUTH Authentication required.", by: server.port))
        await #expect(throws: RedisError.closed) { try await client.call(["PING"]) }
        await client.close()
        #expect(try await server.failures() == [])
    }

    @Test func `nobody listening is an error`() async throws {
        let port = try RefusingPort()
        let client = try RedisClient(RedisTarget(RedisURL("redis://127.0.0.1:\(port.number)")))
        let error = await #expect(throws: RedisError.self) { try await client.connect() }
        #expect(error?.description.isEmpty == false)
        #expect(error?.endsConnection == true)
        await client.close()
    }

    /// With a connection that hangs, and with a server that says nothing to the greeting.
    @Test(arguments: [true, false]) func `a client that is closed while it connects tells whoever waits`(
        accepts: Bool
    ) async throws {
        let accepted = Gate()
        let silent = try StreamServer { server in
            accepted.open()
            server.waitForEnd()
        }
        let full = try FullListener()
        let client = try RedisClient(.loopback(accepts ? silent.port : full.port))
        let connecting = Task { try await client.connect() }
        try await onThread { if accepts { #expect(accepted.wait()) } else { try full.waitForAttempt() } }
        await client.close()
        await #expect(throws: RedisError.self) { try await connecting.value }
    }

    @Test func `a client that is closed answers, and does not keep its caller waiting`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expectEnd()
        }
        let client = try client(server)
        try await client.connect()
        await client.close()
        await #expect(throws: RedisError.closed) { try await client.call(["PING"]) }
        #expect(await client.pipeline([["PING"]]) == [.failure(.closed)])
        await client.close()
        #expect(try await server.failures() == [])
    }
}
