import LoopTestSupport
import TestSupport
import TestThreads
import Testing

@testable import FootbridgeCurl

@Suite(.waiting, .onEveryPoller, .timeLimit(.minutes(1))) struct CurlSocketTests {
    /// Sends back all that comes.
    private static let echo: StreamServer.Script = { connection in
        while case let bytes = try connection.receive(), !bytes.isEmpty { try connection.send(bytes) }
    }

    /// Writes these pieces at once, and gives what has come when as many bytes have.
    private func echoed(_ pieces: [[UInt8]], _ target: SocketTarget) async throws -> [UInt8] {
        try await onLoop { actor in
            let peer = Peer()
            let socket = try await connected(target, on: actor.loop)
            socket.open(peer)
            for piece in pieces { socket.write(piece) }
            let received = try await peer.waitFor(pieces.reduce(0) { $0 + $1.count })
            #expect(socket.unsentBytes == 0)
            socket.close()
            return received
        }
    }

    @Test func `what is written comes back over TCP`() async throws {
        let server = try StreamServer(Self.echo)
        #expect(
            try await echoed([Array("abc".utf8), [0, 13, 10, 255]], .local(server.port)) == [
                97, 98, 99, 0, 13, 10, 255,
            ])
        #expect(try await server.failures() == [])
    }

    @Test func `what is written comes back over a unix socket`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("echo.sock")
        let server = try StreamServer(path: path, Self.echo)
        let bytes = sampleBytes(8 << 20)
        #expect(try await echoed([bytes], SocketTarget(address: .unix(path: path))) == bytes)
        #expect(try await server.failures() == [])
    }

    @Test func `large writes go out whole, whatever the pace of the reader`() async throws {
        let mayRead = Gate()
        let bytes = sampleBytes(8 << 20)
        let server = try StreamServer { connection in
            _ = mayRead.wait()
            try connection.expect(bytes)
            try connection.expect("the end")
            try connection.expectEnd()
        }
        try await onLoop { actor in
            let peer = Peer()
            let socket = try await connected(.local(server.port), on: actor.loop)
            socket.open(peer)
            for start in stride(from: 0, to: bytes.count, by: 100_000) {
                socket.write(Array(bytes[start..<min(start + 100_000, bytes.count)]))
            }
            #expect(socket.unsentBytes > 0, "the reader has not begun")
            mayRead.open()
            socket.write(Array("the end".utf8))
            // Closing would drop what is not sent.
            try await turns(of: actor.loop, until: { socket.unsentBytes == 0 })
            socket.close()
        }
        #expect(try await server.failures() == [])
    }

    @Test func `large answers come in whole, and the end after them`() async throws {
        let bytes = sampleBytes(8 << 20)
        let server = try StreamServer { connection in
            _ = try connection.receive(exactly: 2)
            try connection.send(bytes)
        }
        let (received, end) = try await onLoop { actor in
            let peer = Peer()
            let socket = try await connected(.local(server.port), on: actor.loop)
            socket.open(peer)
            socket.write([1, 2])
            let end = try await peer.waitForEnd()
            return (peer.received, end)
        }
        #expect(received == bytes)
        #expect(end == .closed)
    }

    @Test func `a reset is a failure, told once`() async throws {
        let server = try StreamServer { connection in
            _ = try connection.receive(exactly: 1)
            connection.resetAtEnd()
        }
        let (ends, failure) = try await onLoop { actor in
            let peer = Peer()
            let socket = try await connected(.local(server.port), on: actor.loop)
            socket.open(peer)
            socket.write([1])
            _ = try await peer.waitForEnd()
            socket.write([2])
            socket.close()
            try await turns(of: actor.loop, for: .milliseconds(20))
            return (peer.ends, peer.failure)
        }
        #expect(ends == [.failed(.disconnected)])
        // libcurl's words do not say which.
        #expect(failure?.message.hasPrefix("the connection to 127.0.0.1:\(server.port) broke: ") == true)
    }

    @Test func `after our own close nothing is told`() async throws {
        let mayAnswer = Gate()
        let server = try StreamServer { connection in
            _ = mayAnswer.wait()
            try? connection.send("late")
            connection.waitForEnd()
        }
        let (received, ends) = try await onLoop { actor in
            let peer = Peer()
            let socket = try await connected(.local(server.port), on: actor.loop)
            socket.open(peer)
            socket.close()
            mayAnswer.open()
            try await turns(of: actor.loop, for: .milliseconds(50))
            return (peer.received, peer.ends)
        }
        #expect(received == [] && ends == [])
        #expect(try await server.failures() == [])
    }

    @Test func `a socket that is let go closes its connection`() async throws {
        let server = try StreamServer { try $0.expectEnd() }
        try await onLoop { actor in
            let peer = Peer()
            do {
                let socket = try await connected(.local(server.port), on: actor.loop)
                socket.open(peer)
            }
        }
        #expect(try await server.failures() == [])
    }

    @Test func `an owner may close the socket while it receives`() async throws {
        final class Closer: CurlSocket.Owner {
            var socket: CurlSocket?
            var calls: [String] = []
            func socketReceived(_ bytes: UnsafeRawBufferPointer) {
                calls.append("received \(bytes.count)")
                socket?.close()
                socket = nil
            }
            func socketClosed(_ failure: TransportFailure?) { calls.append("closed") }
        }
        let server = try StreamServer { connection in
            try connection.send("x")
            connection.waitForEnd()
        }
        let calls = try await onLoop { actor in
            let closer = Closer()
            closer.socket = try await connected(.local(server.port), on: actor.loop)
            closer.socket?.open(closer)
            try await turns(of: actor.loop, until: { closer.socket == nil })
            return closer.calls
        }
        #expect(calls == ["received 1"])
    }

    @Test func `many sockets on one loop do not mix up their bytes`() async throws {
        let server = try StreamServer(Self.echo)
        let wrong = try await onLoop { actor in
            var pairs: [(socket: CurlSocket, peer: Peer)] = []
            for _ in 0..<100 {
                let pair = (socket: try await connected(.local(server.port), on: actor.loop), peer: Peer())
                pair.socket.open(pair.peer)
                pairs.append(pair)
            }
            for round in 0..<10 {
                for (number, pair) in pairs.enumerated() { pair.socket.write(Array("\(number).\(round) ".utf8)) }
            }
            var wrong: [String] = []
            for (number, pair) in pairs.enumerated() {
                let expected = (0..<10).map { "\(number).\($0) " }.joined()
                let text = String(decoding: try await pair.peer.waitFor(expected.utf8.count), as: UTF8.self)
                if text != expected { wrong.append(text) }
            }
            return wrong
        }
        #expect(wrong == [])
    }
}
