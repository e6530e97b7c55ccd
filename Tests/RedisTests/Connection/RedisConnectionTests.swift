import FootbridgeCurl
import FootbridgeRESP
import LoopTestSupport
import TestSupport
import TestThreads
import Testing

@testable import FootbridgeRedis

/// Commands and replies in order.
@Suite(.waiting, .timeLimit(.minutes(1))) struct RedisConnectionTests {
    @Test func `commands of one turn leave in one write, and replies come in their order`() async throws {
        let expected = command("GET", "a") + command("INCR", "n") + command("GET", "missing")
        let (values, failures) = try await dialogue { server in
            #expect(try server.receive() == Array(expected.utf8))
            try server.send("$1\r\nx\r\n:7\r\n$-1\r\n")
            try server.expectEnd()
        } _: { _, connection in
            try await replies(to: [["GET", "a"], ["INCR", "n"], ["GET", "missing"]], on: connection)
        }
        #expect(values == [.success(.bulk("x")), .success(.integer(7)), .success(.null)])
        #expect(failures == [])
    }

    @Test func `replies may arrive byte by byte`() async throws {
        let (values, failures) = try await dialogue { server in
            try server.expect(command("A") + command("B") + command("C"))
            try server.sendInPieces("*2\r\n$3\r\na\r\n\r\n_\r\n%1\r\n+k\r\n,1.5\r\n$0\r\n\r\n")
            try server.expectEnd()
        } _: { _, connection in
            try await replies(to: [["A"], ["B"], ["C"]], on: connection)
        }
        #expect(
            values == [
                .success(.array([.bulk("a\r\n"), .null])), .success(.map([.simple("k"), .double(1.5)])),
                .success(.bulk("")),
            ])
        #expect(failures == [])
    }

    @Test func `an error is the answer to its command alone`() async throws {
        let (values, failures) = try await dialogue { server in
            try server.expect(command("XACK", "s") + command("PING"))
            try server.send("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n+PONG\r\n")
            try server.expectEnd()
        } _: { _, connection in
            let values = try await replies(to: [["XACK", "s"], ["PING"]], on: connection)
            #expect(connection.isOpen)
            return values
        }
        let error = ServerError("WRONGTYPE Operation against a key holding the wrong kind of value".utf8)
        #expect(values == [.failure(.server(error)), .success(.simple("PONG"))])
        #expect(failures == [])
    }

    @Test func `pushes go to their own handler, wherever they come`() async throws {
        let push = ">2\r\n+invalidate\r\n*1\r\n+k\r\n"
        let (values, failures) = try await dialogue { server in
            try server.send(push)
            try server.expect(command("A") + command("B"))
            try server.send("\(push)+1\r\n\(push)+2\r\n\(push)")
            try server.expect(command("C"))
            try server.send("+3\r\n")
            try server.expectEnd()
        } _: { _, connection in
            var pushes: [[RESPValue]] = []
            connection.onPush = { pushes.append($0) }
            var values = try await replies(to: [["A"], ["B"]], on: connection)
            values += try await replies(to: [["C"]], on: connection)
            #expect(pushes == Array(repeating: [.simple("invalidate"), .array([.simple("k")])], count: 4))
            return values
        }
        #expect(values == [.success(.simple("1")), .success(.simple("2")), .success(.simple("3"))])
        #expect(failures == [])
    }

    /// A push is the reply to commands such as MONITOR or CLIENT TRACKING: whoever did not ask for it cannot know what else of
    /// the order of replies is wrong.
    @Test func `a push that nobody asked for ends the connection`() async throws {
        let (values, failures) = try await dialogue { server in
            try server.expect(command("A") + command("B"))
            try server.send("+1\r\n>1\r\n+x\r\n+2\r\n")
            try server.expectEnd()
        } _: { _, connection in
            try await replies(to: [["A"], ["B"]], on: connection)
        }
        #expect(values == [.success(.simple("1")), .failure(.protocolViolation(.unsolicited))])
        #expect(failures == [])
    }

    @Test func `a reply beyond the limits ends the connection, and the error says so`() async throws {
        let (error, failures) = try await dialogue(limits: RESPLimits(replyBytes: 1000)) { server in
            try server.expect(command("A") + command("B"))
            try server.send("$900\r\n\(String(repeating: "x", count: 900))\r\n$2000\r\n")
            try server.expectEnd()
        } _: { _, connection in
            let values = try await replies(to: [["A"], ["B"]], on: connection)
            #expect(values.first == .success(.bulk(String(repeating: "x", count: 900))))
            if case .failure(let error) = values.last { return RedisError?.some(error) }
            return nil
        }
        #expect(error == .protocolViolation(.replyTooLong(limit: 1000)))
        #expect(error?.description == "a reply is larger than is taken: a reply is longer than the limit of 1000 bytes")
        #expect(failures == [])
    }

    @Test func `ten thousand commands under way get each its own reply`() async throws {
        let count = 10_000
        let expected = (0..<count).map { command("ECHO", "\($0)") }.joined()
        let answer = (0..<count).map { ":\($0)\r\n" }.joined()
        let (values, failures) = try await dialogue { server in
            try server.expect(expected)
            try server.send(answer)
            try server.expectEnd()
        } _: { _, connection in
            try await replies(to: (0..<count).map { ["ECHO", $0] }, on: connection)
        }
        #expect(values == (0..<count).map { .success(.integer(Int64($0))) })
        #expect(failures == [])
    }

    @Test func `a steady stream of commands keeps its order, while there is always one under way`() async throws {
        let (values, _) = try await dialogue { server in
            var number = 0
            var bytes: [UInt8] = []
            while case let more = try server.receive(), !more.isEmpty {
                bytes += more
                let whole = bytes.count / command("PING").utf8.count
                bytes.removeFirst(whole * command("PING").utf8.count)
                for _ in 0..<whole {
                    try server.send(":\(number)\r\n")
                    number += 1
                }
            }
        } _: { _, connection in
            try await callback { (done: @escaping ([Int64]) -> Void) in
                var received: [Int64] = []
                func next(_ reply: Reply) {
                    received.append((try? reply.get())?.integer ?? -1)
                    if received.count == 3000 { return done(received) }
                    if received.count <= 2900 { connection.send(["PING"], deadline: .seconds(30), next) }
                }
                for _ in 0..<100 { connection.send(["PING"], deadline: .seconds(30), next) }
            }
        }
        #expect(values == Array(0..<3000))
    }

    @Test func `async calls throw what the server answers with`() async throws {
        let (errors, failures) = try await dialogue { server in
            try server.expect(command("GET", "a"))
            try server.send("+1\r\n")
            try server.expect(command("GET", "b"))
            try server.send("-LOADING Redis is loading the dataset in memory\r\n")
            try server.expectEnd()
        } _: { _, connection in
            let value = try await connection.call(["GET", "a"])
            #expect(value == .simple("1"))
            // Not `#expect(throws:)`: it calls its closure anywhere, and not on the loop.
            do throws(RedisError) {
                _ = try await connection.call(["GET", "b"])
                return nil as RedisError?
            } catch {
                return error
            }
        }
        #expect(errors == .server(ServerError("LOADING Redis is loading the dataset in memory".utf8)))
        #expect(failures == [])
    }
}
