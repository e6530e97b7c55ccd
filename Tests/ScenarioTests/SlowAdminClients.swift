import Foundation
import TestSupport
import TestThreads
import Testing

/// Clients of the admin server by the hundred that are slow, silent or without an end do not disturb deliveries.
@Suite(.serialized, .ownThreads) struct SlowAdminClients {
    @Test func `all entries are delivered while hundreds of clients hold on to the admin server`() throws {
        let scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        // Connections to the receiver are kept; few of them, so that those of the admin server are told from them.
        scene.file.route.keys["concurrency"] = "8"
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try eventually("ready") { try admin.get("/readyz").status == 200 }
        let before = try Usage(of: bridge)

        let crowd = try Crowd(port: admin.port)
        defer { crowd.stop() }
        try eventually("all of them are there") { crowd.isFull }
        var slowest = Duration.zero
        var highest = before
        let rounds = 60
        for round in 0..<rounds {
            try scene.redis.add(numbers: round * 50..<(round + 1) * 50)
            let (answer, duration) = try timed { try admin.get("/healthz") }
            #expect(answer.status == 200)
            slowest = max(slowest, duration)
            let usage = try Usage(of: bridge)
            highest = Usage(
                descriptors: max(highest.descriptors, usage.descriptors),
                kilobytes: max(highest.kilobytes, usage.kilobytes))
            letPass(.milliseconds(100))
        }
        try scene.receiver.waitFor(count: rounds * 50)
        try scene.waitUntilSettled()
        #expect(Set(scene.receiver.ledger.compactMap(\.id)).count == rounds * 50)
        print(
            "slowest /healthz \(slowest), descriptors \(before.descriptors)…\(highest.descriptors), kB \(before.kilobytes)…\(highest.kilobytes)"
        )
        #expect(slowest < .seconds(2), "an answer of /healthz")
        // 64 connections, and those to Redis and the receiver.
        #expect(highest.descriptors - before.descriptors <= 64 + 40)
        #expect(highest.kilobytes - before.kilobytes < 64 << 10)

        crowd.stop()
        try eventually("the places are free", timeout: .seconds(40)) {
            try Usage(of: bridge).descriptors < before.descriptors + 40
        }
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a bridge is ended while clients hold on to it`() throws {
        let scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        let reader = try StreamSocket.connected(port: admin.port)
        reader.limit(.seconds(20))
        try reader.sendAll(Array("GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8))
        var events = ""
        while !events.contains("event: status") { events += String(decoding: try reader.receive(), as: UTF8.self) }
        let silent = try StreamSocket.connected(port: admin.port)
        let (exit, duration) = try timed { try bridge.stop() }
        #expect(exit == .status(0))
        #expect(duration < .seconds(8))
        while case let bytes = try reader.receive(), !bytes.isEmpty { events += String(decoding: bytes, as: UTF8.self) }
        #expect(events.hasSuffix("\r\n0\r\n\r\n"))
        withExtendedLifetime(silent) {}
    }
}

/// What a process holds.
private struct Usage {
    let descriptors: Int
    let kilobytes: Int

    init(descriptors: Int, kilobytes: Int) {
        self.descriptors = descriptors
        self.kilobytes = kilobytes
    }

    init(of process: ChildProcess) throws {
        descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.pid)/fd").count
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        kilobytes = line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap { Int($0) } ?? 0
    }
}

/// 300 clients that send a byte a second, 100 that send nothing, and 10 that send a head without an end as fast as they can.
/// Who loses its connection comes again.
private final class Crowd: Sendable {
    private let isOver = Gate()
    private let connected = Monitor(0)

    init(port: UInt16) throws {
        let request = Array("GET /metrics HTTP/1.1\r\nhost: localhost\r\nx-y: ".utf8)
        spawn(300, port: port, pause: .seconds(1)) { [request[min($0, request.count - 1)]] }
        spawn(100, port: port, pause: .seconds(1)) { _ in [] }
        spawn(10, port: port, pause: .milliseconds(20)) { $0 == 0 ? request : [UInt8](repeating: 120, count: 4096) }
    }

    /// All were connected once at least.
    var isFull: Bool { connected.value >= 410 }

    func stop() { isOver.open() }

    /// One thread has many of them.
    private func spawn(_ count: Int, port: UInt16, pause: Duration, _ bytes: @escaping @Sendable (Int) -> [UInt8]) {
        Thread.detachNewThread { [self] in
            var sockets = [(socket: StreamSocket, sent: Int)?](repeating: nil, count: count)
            while !isOver.isOpen {
                for index in sockets.indices {
                    do {
                        var (socket, sent) = try sockets[index] ?? (connect(port), 0)
                        let next = bytes(sent)
                        if !next.isEmpty { try socket.sendAll(next) }
                        sent += 1
                        sockets[index] = (socket, sent)
                    } catch {
                        sockets[index] = nil
                    }
                }
                _ = isOver.wait(timeout: pause)
            }
        }
    }

    private func connect(_ port: UInt16) throws -> StreamSocket {
        let socket = try StreamSocket.connected(port: port)
        socket.limit(.seconds(1))
        connected.withLock { $0 += 1 }
        return socket
    }
}
