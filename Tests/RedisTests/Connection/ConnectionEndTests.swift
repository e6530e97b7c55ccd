import FootbridgeCurl
import FootbridgeRESP
import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeRedis

/// How connections end: whatever is awaited fails, then the owner is told, each once.
@Suite(.timeLimit(.minutes(1))) struct ConnectionEndTests {
    private struct End: Sendable, Equatable {
        var replies: [Reply] = []
        var told: [RedisError] = []
        /// What a command got that was sent after the end.
        var after: [Reply] = []
    }

    /// Sends two commands and waits for the end of the connection.
    private func end(
        deadline: Duration = .seconds(30), _ script: @escaping StreamServer.Script
    ) async throws -> (value: End, failures: [String]) {
        try await dialogue(script) { actor, connection in
            try await callback { (done: @escaping (End) -> Void) in
                var end = End()
                connection.onClose = { error in
                    end.told.append(error)
                    connection.send(["PING"]) { end.after.append($0) }
                    // Whatever else would come has the time to.
                    actor.loop.schedule(after: .milliseconds(20)) { done(end) }
                }
                for name in ["A", "B"] {
                    connection.send(RESPCommand(name), deadline: deadline) { end.replies.append($0) }
                }
            }
        }
    }

    private let commands = command("A") + command("B")

    @Test func `the server closes in the middle of a reply`() async throws {
        let (end, failures) = try await end { [commands] server in
            try server.expect(commands)
            try server.send("+first\r\n$10\r\nhalf")
        }
        let error = try #require(end.told.first)
        #expect(error.description.hasPrefix("127.0.0.1:") && error.description.hasSuffix(" closed the connection"))
        #expect(
            end == End(replies: [.success(.simple("first")), .failure(error)], told: [error], after: [.failure(error)]))
        #expect(failures == [])
    }

    @Test func `what came before the end is delivered, in its order`() async throws {
        let (end, _) = try await end { [commands] server in
            try server.expect(commands)
            try server.send("+first\r\n+second\r\n")
        }
        #expect(end.replies == [.success(.simple("first")), .success(.simple("second"))])
        #expect(end.told.count == 1)
    }

    @Test func `no reply in time closes the connection`() async throws {
        let (end, failures) = try await end(deadline: .milliseconds(100)) { [commands] server in
            try server.expect(commands)
            try server.expectEnd()
        }
        let error = RedisError.timedOut(command: "A")
        #expect(end == End(replies: [.failure(error), .failure(error)], told: [error], after: [.failure(error)]))
        #expect(failures == [])
    }

    /// As after a pause of the whole process: the time is over, the reply is here, and nobody has looked yet.
    @Test func `a reply that came in time counts, however late it is read`() async throws {
        let isAnswered = Gate()
        let (reply, failures) = try await dialogue({ server in
            try server.expect(command("A"))
            try server.send("+1\r\n")
            isAnswered.open()
            try server.expectEnd()
        }) { actor, connection in
            try await callback { (done: @escaping (Reply) -> Void) in
                connection.send(["A"], deadline: .milliseconds(50), done)
                actor.loop.schedule(after: .zero) {
                    _ = isAnswered.wait()
                    let end = ContinuousClock.now + .milliseconds(60)
                    while ContinuousClock.now < end {}
                }
            }
        }
        #expect(reply == .success(.simple("1")))
        #expect(failures == [])
    }

    /// A server that is frozen: its kernel takes what is sent, and nothing comes back.
    @Test func `commands that follow put no deadline off`() async throws {
        let isOver = Gate()
        let (sent, _) = try await dialogue({ server in
            try server.expect(command("A"))
            _ = isOver.wait()
        }) { actor, connection in
            try await callback { (done: @escaping (Int) -> Void) in
                var sent = 0
                func sendNext() {
                    guard connection.isOpen, sent < 100 else { return done(sent) }
                    sent += 1
                    connection.send(RESPCommand("PING"), deadline: .seconds(30)) { _ in }
                    actor.loop.schedule(after: .milliseconds(20)) { sendNext() }
                }
                connection.send(RESPCommand("A"), deadline: .milliseconds(100)) { _ in isOver.open() }
                sendNext()
            }
        }
        #expect(sent < 100)
    }

    @Test func `a reply that is not whole in time is none`() async throws {
        let (end, _) = try await end(deadline: .milliseconds(100)) { [commands] server in
            try server.expect(commands)
            try server.send("+first\r\n$100\r\nhalf")
            try server.expectEnd()
        }
        #expect(end.replies == [.success(.simple("first")), .failure(.timedOut(command: "B"))])
    }

    @Test(arguments: [true, false])
    func `a short deadline counts behind a long one, answered or not`(isAnswered: Bool) async throws {
        let start = ContinuousClock.now
        let (values, _) = try await dialogue { server in
            try server.expect(command("LONG") + command("SHORT"))
            if isAnswered { try server.send("+1\r\n") }
            try server.expectEnd()
        } _: { _, connection in
            try await callback { (done: @escaping (Reply) -> Void) in
                connection.send(["LONG"], deadline: .seconds(40)) { _ in }
                connection.send(["SHORT"], deadline: .milliseconds(100), done)
            }
        }
        #expect(values == .failure(.timedOut(command: "SHORT")))
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func `a deadline that was met does no harm later`() async throws {
        let (values, failures) = try await dialogue { server in
            for _ in 0..<3 {
                try server.expect(command("A"))
                try server.send("+1\r\n")
            }
            try server.expectEnd()
        } _: { actor, connection in
            var values: [Reply] = []
            for _ in 0..<3 {
                values += try await replies(to: [["A"]], on: connection, deadline: .seconds(2))
                try await turns(of: actor.loop, for: .milliseconds(900))
            }
            return values
        }
        #expect(values == Array(repeating: .success(.simple("1")), count: 3))
        #expect(failures == [])
    }

    @Test(arguments: [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", RESPError.unknownType(UInt8(ascii: "H"))),
        ("$99999999999\r\n", .bulkTooLong(announced: 99_999_999_999, limit: 512 << 20)),
        ("*-7\r\n", .invalidLength(type: UInt8(ascii: "*"))),
        ("$3\r\nabcd\r\n", .missingLineEnd(found: UInt8(ascii: "d"))),
    ])
    func `bytes that are no reply end the connection`(text: String, error: RESPError) async throws {
        let (end, failures) = try await end { [commands] server in
            try server.expect(commands)
            try server.send("+first\r\n\(text)+late\r\n")
            try server.expectEnd()
        }
        let violation = RedisError.protocolViolation(error)
        #expect(
            end
                == End(
                    replies: [.success(.simple("first")), .failure(violation)], told: [violation],
                    after: [.failure(violation)]))
        #expect(failures == [])
    }

    @Test func `a long command that the server takes slowly is not late`() async throws {
        let size = 12 * 1024 * 1024
        let command = RESPCommand("SET", "key", String(repeating: "x", count: size))
        let (reply, failures) = try await dialogue { server in
            server.receiveInSmallPortions()
            // Twice the deadline in all.
            for _ in 0..<12 {
                _ = try server.receive(exactly: size / 12)
                server.hang(.milliseconds(140))
            }
            _ = try server.receive(exactly: command.encoded.count - size)
            try server.send("+OK\r\n")
            try server.expectEnd()
        } _: { _, connection in
            try await replies(to: [command], on: connection, deadline: .milliseconds(800))
        }
        #expect(reply == [.success(.simple("OK"))])
        #expect(failures == [])
    }

    @Test func `a reply that nobody asked for ends the connection`() async throws {
        let (end, failures) = try await end { [commands] server in
            try server.expect(commands)
            try server.send("+1\r\n+2\r\n$6\r\nsecret\r\n")
            try server.expectEnd()
        }
        #expect(end.replies == [.success(.simple("1")), .success(.simple("2"))])
        #expect(end.told == [.protocolViolation(.unsolicited)])
        #expect(failures == [])
    }

    @Test func `a server that has become a replica is left`() async throws {
        let text = "READONLY You can't write against a read only replica."
        let (end, failures) = try await end { [commands] server in
            try server.expect(commands)
            try server.send("-\(text)\r\n")
            try server.expectEnd()
        }
        let error = RedisError.notMaster(role: "replica")
        #expect(
            end
                == End(
                    replies: [.failure(.server(ServerError(text.utf8))), .failure(error)], told: [error],
                    after: [.failure(error)]))
        #expect(failures == [])
    }

    @Test func `our own close fails what is awaited, at once`() async throws {
        let (end, failures) = try await dialogue { server in
            try server.expectEnd()
        } _: { _, connection in
            var end = End()
            connection.onClose = { end.told.append($0) }
            connection.send(["A"]) { end.replies.append($0) }
            connection.close()
            connection.close()
            connection.send(["B"]) { end.after.append($0) }
            #expect(!connection.isOpen)
            return end
        }
        #expect(end == End(replies: [.failure(.closed)], told: [.closed], after: [.failure(.closed)]))
        #expect(failures == [])
    }

    @Test func `a completion may close the connection while replies are left`() async throws {
        let (values, _) = try await dialogue { server in
            try server.expect(command("A") + command("B") + command("C"))
            try server.send("+1\r\n+2\r\n+3\r\n")
            server.waitForEnd()
        } _: { _, connection in
            try await callback { (done: @escaping ([Reply]) -> Void) in
                var values: [Reply] = []
                connection.onClose = { _ in done(values) }
                for name in ["A", "B", "C"] {
                    connection.send(RESPCommand(name)) {
                        values.append($0)
                        if values.count == 1 { connection.close() }
                    }
                }
            }
        }
        #expect(values == [.success(.simple("1")), .failure(.closed), .failure(.closed)])
    }
}
