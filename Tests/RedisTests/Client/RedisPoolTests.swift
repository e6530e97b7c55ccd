import FootbridgeCurl
import FootbridgeRESP
import TestSupport
import Testing

@testable import FootbridgeRedis

@Suite(.timeLimit(.minutes(1))) struct RedisPoolTests {
    private func pool(_ server: StreamServer) throws -> RedisPool {
        try RedisPool(
            .loopback(server.port))
    }

    @Test func `callers share a connection, and none waits for another's reply`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            _ = try server.receive(exactly: 2 * command("A").utf8.count)
            try server.send(":1\r\n:2\r\n")
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        async let one = pool.perform([["A"]], deadline: .seconds(20))
        async let other = pool.perform([["A"]], deadline: .seconds(20))
        let both = await [one, other].flatMap(\.self)
        #expect(
            both == [.success(.integer(1)), .success(.integer(2))]
                || both == [.success(.integer(2)), .success(.integer(1))])
        await pool.close()
        #expect(server.connections == 1)
        #expect(try await server.failures() == [])
    }

    @Test func `commands of one call go out whole, and each has its own result`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("A") + command("B"))
            try server.send("-ERR no\r\n:2\r\n")
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        let replies = await pool.perform([["A"], ["B"]], deadline: .seconds(20))
        #expect(replies == [.failure(.server(ServerError("ERR no".utf8))), .success(.integer(2))])
        #expect(await pool.perform([], deadline: .seconds(20)) == [])
        await pool.close()
        #expect(try await server.failures() == [])
    }

    @Test func `what was begun goes out in its order, and its replies wait until they are asked for`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("A") + command("B") + command("C") + command("D"))
            try server.send(":1\r\n:2\r\n:3\r\n:4\r\n")
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        let first = pool.begin([["A"], ["B"]], deadline: .seconds(20))
        // Nobody asks for this one's.
        _ = pool.begin([["C"]], deadline: .seconds(20))
        #expect(await pool.perform([["D"]], deadline: .seconds(20)) == [.success(.integer(4))])
        #expect(await first.replies() == [.success(.integer(1)), .success(.integer(2))])
        await pool.close()
        #expect(await pool.begin([["E"]], deadline: .seconds(20)).replies() == [.failure(.closed)])
        #expect(try await server.failures() == [])
    }

    @Test func `a command that was sent and has no reply is not repeated; the next goes out on the next connection`()
        async throws
    {
        let server = try StreamServer { server in
            try server.greet()
            switch server.number {
            case 0: try server.expect(command("ADD", "1"))
            default:
                try server.expect(command("ADD", "2"))
                try server.send(":2\r\n")
                try server.expectEnd()
            }
        }
        let pool = try pool(server)
        try await pool.connect()
        let first = await pool.perform([["ADD", "1"]], deadline: .seconds(20))
        #expect(first == [.failure(.lost(.hungUp(server.port)))])
        // There is no connection now: it waits for one.
        let second = await pool.perform([["ADD", "2"]], deadline: .seconds(20))
        #expect(second == [.success(.integer(2))])
        await pool.close()
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `a command that may run twice is sent again, all of its call`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("GET") + command("GET"))
            try server.send(":1\r\n")
            guard server.number == 1 else { return }
            try server.send(":2\r\n")
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        let replies = await pool.perform([["GET"], ["GET"]], deadline: .seconds(20), mayRepeat: true)
        #expect(replies == [.success(.integer(1)), .success(.integer(2))])
        await pool.close()
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `a command that found no connection in time was not sent, and says why there is none`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("A"))
        }
        let pool = try pool(server)
        try await pool.connect()
        server.stop()
        // The first one may be what finds the connection lost.
        _ = await pool.perform([["A"]], deadline: .milliseconds(300))
        let reply = await pool.perform([["B"]], deadline: .milliseconds(300))[0]
        guard case .failure(.unsent(.some(.connection))) = reply else { return #expect("\(reply)" == "unsent") }
        await pool.close()
    }

    @Test func `a reply that does not come in time costs the connection`() async throws {
        let server = try StreamServer { server in
            // The connection after it, which may come or not.
            guard server.number == 0 else { return server.waitForEnd() }
            try server.greet()
            try server.expect(command("A"))
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        let reply = await pool.perform([["A"]], deadline: .milliseconds(200))
        #expect(reply == [.failure(.lost(.timedOut(command: "A")))])
        await pool.close()
        #expect(try await server.failures() == [])
    }

    @Test func `a cancelled caller is told at once, and its reply is not taken for another's`() async throws {
        let (isThere, mayAnswer) = (Gate(), Gate())
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("A"))
            isThere.open()
            _ = mayAnswer.wait()
            try server.send(":1\r\n")
            try server.expect(command("B"))
            try server.send(":2\r\n")
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        let task = Task { await pool.perform([["A"]], deadline: .seconds(20)) }
        try await onThread { _ = isThere.wait() }
        task.cancel()
        #expect(await task.value == [.failure(.cancelled(wasSent: true))])
        mayAnswer.open()
        #expect(await pool.perform([["B"]], deadline: .seconds(20)) == [.success(.integer(2))])
        await pool.close()
        #expect(try await server.failures() == [])
    }

    @Test func `a task that is cancelled already sends nothing`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("B"))
            try server.send(":2\r\n")
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await pool.perform([["A"]], deadline: .seconds(20))
        }
        #expect(await task.value == [.failure(.cancelled(wasSent: false))])
        #expect(await pool.perform([["B"]], deadline: .seconds(20)) == [.success(.integer(2))])
        await pool.close()
        #expect(try await server.failures() == [])
    }

    @Test func `a pool that is closed fails what is under way, and answers`() async throws {
        let isThere = Gate()
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("A"))
            isThere.open()
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        async let reply = pool.perform([["A"]], deadline: .seconds(20))
        try await onThread { _ = isThere.wait() }
        await pool.close()
        #expect(await reply == [.failure(.lost(.closed))])
        #expect(await pool.perform([["B"]], deadline: .seconds(20)) == [.failure(.closed)])
        #expect(await pool.block(["B"], for: .zero, deadline: .seconds(20)) == .failure(.closed))
        await #expect(throws: RedisError.closed) { try await pool.connect() }
        await pool.close()
        #expect(try await server.failures() == [])
    }

    @Test func `a pool that nobody holds any more closes its connection`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expectEnd()
        }
        try await pool(server).connect()
        #expect(try await server.failures() == [])
    }

    @Test func `the first connection is tried once`() async throws {
        let server = try StreamServer { server in
            try server.expect(command("HELLO", "3"))
            try server.send("-WRONGPASS no\r\n")
            try server.expectEnd()
        }
        let pool = try pool(server)
        await #expect(throws: RedisError.refused("WRONGPASS no", by: server.port)) { try await pool.connect() }
        await pool.close()
        #expect(try await server.failures() == [])
    }

    @Test func `with Sentinels too, the loop of a pool that was closed goes away`() async throws {
        let master = try StreamServer { server in
            try server.greet()
            try server.expectEnd()
        }
        let sentinel = try StreamServer { server in
            try server.expect(command("HELLO", "3"))
            try server.send("%1\r\n+proto\r\n:3\r\n")
            while case let bytes = try server.receive(), !bytes.isEmpty {
                // Where the master is; nothing to SUBSCRIBE, whose answer is awaited when the pool is closed.
                if String(decoding: bytes, as: UTF8.self).contains("GET-MASTER") {
                    try server.send("*2\r\n$9\r\n127.0.0.1\r\n$\("\(master.port)".count)\r\n\(master.port)\r\n")
                }
            }
        }
        var target = RedisTarget.loopback(1)
        target.sentinel = SentinelTarget(
            master: "mymaster", nodes: [SocketTarget(address: .tcp(host: "127.0.0.1", port: sentinel.port))])
        var pool: RedisPool? = try RedisPool(target)
        try await pool?.connect()
        weak let loop = pool?.loop
        await pool?.close()
        pool = nil
        try eventually("the loop is gone") { loop == nil }
        #expect(try await master.failures() == [])
    }

    @Test func `connecting can be cancelled`() async throws {
        let server = try StreamServer { server in
            try server.expect(command("HELLO", "3"))
            try server.expectEnd()
        }
        let pool = try pool(server)
        let task = Task { try await pool.connect() }
        task.cancel()
        await #expect(throws: RedisError.closed) { try await task.value }
        await pool.close()
    }
}

/// Commands that the server answers after a while only.
@Suite(.timeLimit(.minutes(1))) struct BlockingCommandTests {
    private func pool(_ server: StreamServer) throws -> RedisPool {
        try RedisPool(
            .loopback(server.port))
    }

    @Test func `they have a connection of their own, which the next one uses again`() async throws {
        let (isBlocked, mayAnswer) = (Gate(), Gate())
        let server = try StreamServer { server in
            try server.greet(id: 40 + server.number)
            if server.number == 0 {
                try server.expect(command("A"))
                try server.send(":1\r\n")
            } else {
                try server.expect(command("BLOCK", "1"))
                isBlocked.open()
                _ = mayAnswer.wait()
                try server.send(":11\r\n")
                try server.expect(command("BLOCK", "2"))
                try server.send(":12\r\n")
            }
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        async let blocked = pool.block(["BLOCK", "1"], for: .seconds(10), deadline: .seconds(20))
        try await onThread { _ = isBlocked.wait() }
        #expect(await pool.perform([["A"]], deadline: .seconds(20)) == [.success(.integer(1))])
        mayAnswer.open()
        #expect(await blocked == .success(.integer(11)))
        #expect(
            await pool.block(["BLOCK", "2"], for: .seconds(10), deadline: .seconds(20)) == .success(.integer(12)))
        await pool.close()
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `a cancelled one is ended at the server, and its connection is used again`() async throws {
        let (isBlocked, isUnblocked, isAnswered) = (Gate(), Gate(), Gate())
        let server = try StreamServer { server in
            try server.greet(id: 40 + server.number)
            if server.number == 0 {
                try server.expect(command("CLIENT", "UNBLOCK", "41"))
                // The server has not come to the command yet.
                try server.send(":0\r\n")
                try server.expect(command("CLIENT", "UNBLOCK", "41"))
                try server.send(":1\r\n")
                isUnblocked.open()
                _ = isAnswered.wait()
                try server.expect(command("A"))
                try server.send(":2\r\n")
            } else {
                try server.expect(command("BLOCK", "1"))
                isBlocked.open()
                _ = isUnblocked.wait()
                try server.send("_\r\n")
                isAnswered.open()
                try server.expect(command("BLOCK", "2"))
                try server.send(":12\r\n")
            }
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        let task = Task { await pool.block(["BLOCK", "1"], for: .seconds(10), deadline: .seconds(20)) }
        try await onThread { _ = isBlocked.wait() }
        task.cancel()
        #expect(await task.value == .failure(.cancelled(wasSent: true)))
        try await onThread { _ = isAnswered.wait() }
        // Sent later than the answer that nobody waits for, so that this is there when its own answer is.
        #expect(await pool.perform([["A"]], deadline: .seconds(20)) == [.success(.integer(2))])
        #expect(
            await pool.block(["BLOCK", "2"], for: .seconds(10), deadline: .seconds(20)) == .success(.integer(12)))
        await pool.close()
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `where that is not allowed its connection is closed`() async throws {
        let isBlocked = Gate()
        let server = try StreamServer { server in
            try server.greet(id: 40 + server.number)
            if server.number == 0 {
                try server.expect(command("CLIENT", "UNBLOCK", "41"))
                try server.send("-NOPERM no\r\n")
            } else {
                try server.expect(command("BLOCK", "1"))
                isBlocked.open()
            }
            try server.expectEnd()
        }
        let pool = try pool(server)
        try await pool.connect()
        let task = Task { await pool.block(["BLOCK", "1"], for: .seconds(10), deadline: .seconds(20)) }
        try await onThread { _ = isBlocked.wait() }
        task.cancel()
        #expect(await task.value == .failure(.cancelled(wasSent: true)))
        #expect(try await server.failures(ofConnections: 1) == [])
        await pool.close()
        #expect(try await server.failures(ofConnections: 2) == [])
    }
}
