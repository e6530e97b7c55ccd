import FootbridgeCurl
import FootbridgeRESP
import FootbridgeRedis
import Logging
import LoopTestSupport
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

/// Dialogues as <https://redis.io/docs/latest/commands/wait/> describes them.
@Suite(.timeLimit(.minutes(1))) struct ReplicaWaitTests {
    private static let config = RouteConfig(
        name: "orders", streams: ["s"], group: "g", destination: .webhook(WebhookConfig(url: "http://a")))
    private static let wait = command("PUBLISH", "footbridge:wait", "") + command("WAIT", "1", "200")

    /// The settler of a route, on a worker that waits for one replica.
    private final class Bench {
        let context: WorkerContext
        let route: Route
        var settler: Settler { route.settler }
        let replicas: ReplicaWait

        /// Another route of the worker settles something and leaves while replicas are asked; once they have answered, nobody holds it.
        func leave(_ asked: Gate, _ isLetGo: Gate, settling: (Route) -> Void) async throws {
            var leaving: Route? = try Route(config, worker: context, logger: route.logger)
            weak let left = leaving
            if let leaving { settling(leaving) }
            replicas.onReady = { [weak leaving] in leaving?.settler.flush() }
            replicas.start()
            _ = try await onThread { asked.wait() }
            leaving?.drain {}
            leaving?.stop()
            leaving = nil
            isLetGo.open()
            try await turns(of: context.loop) { left == nil }
            context.stop()
        }

        init(_ loop: CurlLoop, _ server: StreamServer) throws {
            let target = RedisTarget(
                socket: SocketTarget(address: .tcp(host: "127.0.0.1", port: server.port)), handshake: RedisHandshake())
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            context = WorkerContext(
                loop: loop, consumer: "a.1", target: target,
                waitForAck: WaitForAck(replicas: 1, timeout: .milliseconds(200)), logger: logger)
            replicas = try #require(context.replicas)
            route = try Route(config, worker: context, logger: logger)
            replicas.onReady = { [route] in route.settler.flush() }
        }

        var unconfirmed: Int { route.table.count(.settling) }

        func acknowledge(_ number: UInt64, of route: Route? = nil) {
            let (route, key) = (route ?? self.route, EntryKey(stream: 0, id: EntryID(milliseconds: number)))
            guard let row = route.table.queue(key, EntryFields([:])), route.table.next() == row else { return }
            route.settler.acknowledge(row)
        }

        /// It was delivered and acknowledged in one step.
        func confirm(_ number: UInt64, of route: Route? = nil) {
            let (route, key) = (route ?? self.route, EntryKey(stream: 0, id: EntryID(milliseconds: number)))
            guard let row = route.table.queue(key, EntryFields([:])), route.table.next() == row else { return }
            _ = route.table.start(row, wall: 1)
            route.settler.confirm(row)
        }

        func bury(of route: Route? = nil, _ letter: (EntryTable.Row) -> DeadLetter) {
            let route = route ?? self.route
            guard let row = route.table.settle(ReplicaWaitTests.key, attempts: 1) else { return }
            route.settler.bury(letter(row))
        }
    }

    private static let key = EntryKey(stream: 0, id: EntryID(milliseconds: 2))

    private static func letter(isOwnerless: Bool = false, _ row: EntryTable.Row) -> DeadLetter {
        DeadLetter(
            row: row, key: key, stream: "s", route: "orders", group: "g",
            consumer: "a.1", reason: .malformed("no field"), attempts: 1, firstAt: 1, lastAt: 2, response: [],
            fields: EntryFields(["n": "1"]), isOwnerless: isOwnerless)
    }

    /// Sending XACK again would be wrong: the master that has both steps may be gone.
    @Test func `what was appended counts when replicas have it; if nobody tells, Redis is asked what became of it`()
        async throws
    {
        let server = try StreamServer { server in
            guard server.number == 0 else { return }
            try server.greet()
            try server.expect(Self.wait)
            try server.send(":0\r\n:1\r\n")
            try server.expect(Self.wait)
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            bench.replicas.start()
            try await turns(of: actor.loop) { bench.context.settling != nil }
            bench.confirm(1)
            #expect(bench.unconfirmed == 1 && bench.route.counters.delivered == 0)
            try await turns(of: actor.loop) { bench.unconfirmed == 0 }
            #expect(bench.route.counters.delivered == 1 && bench.route.table.count == 0)
            bench.confirm(2)
            try await turns(of: actor.loop) { bench.unconfirmed == 0 }
            #expect(bench.route.counters.delivered == 1)
            #expect(bench.route.resting(of: 0) == [EntryID(milliseconds: 2)])
            #expect(bench.route.maybeSettled(of: 0) == [EntryID(milliseconds: 2)])
            let charged = bench.route.table.row(of: Self.key).map { bench.route.table.charged($0) }
            #expect(charged == 0)
            bench.replicas.stop()
        }
    }

    @Test func `until enough replicas answer a batch counts, and what comes meanwhile is the next one`() async throws {
        let (asked, more, enough) = (Monitor(false), Gate(), Gate())
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("XACK", "s", "g", "1-0", "2-0"))
            try server.send(":2\r\n")
            try server.expect(Self.wait)
            asked.withLock { $0 = true }
            _ = more.wait()
            try server.send(":0\r\n:0\r\n")
            try server.expect(command("XACK", "s", "g", "3-0") + Self.wait)
            _ = enough.wait()
            try server.send(":1\r\n:0\r\n:1\r\n")
            try server.expectEnd()
        }
        let unconfirmed = try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            var unconfirmed: [Int] = []
            bench.acknowledge(1)
            bench.acknowledge(2)
            bench.replicas.start()
            try await turns(of: actor.loop) { asked.value }
            bench.acknowledge(3)
            bench.settler.flush()
            unconfirmed.append(bench.unconfirmed)
            #expect(bench.context.settling == nil && bench.route.table.count(.settling) == 3)
            more.open()
            try await turns(of: actor.loop) { bench.replicas.shortages == 1 }
            unconfirmed.append(bench.unconfirmed)
            enough.open()
            try await turns(of: actor.loop) { bench.settler.isDone }
            #expect(bench.replicas.shortages == 1 && bench.route.table.count == 0)
            bench.context.stop()
            return unconfirmed
        }
        #expect(unconfirmed == [3, 3])
        #expect(try await server.failures() == [])
    }

    @Test func `what no replica has confirmed is sent again on the next connection, and counted once`() async throws {
        let letter = try Self.letter(anyRow())
        let settlements =
            command("XACK", "s", "g", "1-0")
            + String(decoding: letter.command(into: "{s}:dead:orders").command.encoded, as: UTF8.self)
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(settlements)
            guard server.number > 0 else {
                try server.send(":1\r\n$3\r\n9-0\r\n")
                return try server.expect(Self.wait)
            }
            // The same master: nothing is pending any more.
            try server.send(":0\r\n_\r\n")
            try server.expect(Self.wait)
            try server.send(":0\r\n:2\r\n")
            try server.expectEnd()
        }
        let figures = try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            bench.acknowledge(1)
            bench.bury { Self.letter($0) }
            bench.replicas.start()
            try await turns(of: actor.loop) { bench.settler.isDone }
            #expect(bench.replicas.shortages == 0)
            bench.context.stop()
            return bench.route.counters.figures
        }
        #expect(figures.dead == 1)
        #expect(figures.lostOwnership == 0)
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `a dead letter that goes in two steps is acknowledged when replicas have it`() async throws {
        let letter = try Self.letter(isOwnerless: true, anyRow())
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(
                RESPCommand("XADD", arguments: ["{s}:dead:orders", "*"] + letter.layout.arguments).encoded)
            try server.send("$3\r\n9-0\r\n")
            try server.expect(Self.wait)
            try server.send(":0\r\n:0\r\n")
            try server.expect(Self.wait)
            try server.send(":0\r\n:1\r\n")
            try server.expect(command("XACK", "s", "g", "2-0"))
            try server.send(":0\r\n")
            try server.expect(Self.wait)
            try server.send(":0\r\n:1\r\n")
            try server.expectEnd()
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            bench.bury { Self.letter(isOwnerless: true, $0) }
            bench.replicas.start()
            try await turns(of: actor.loop) { bench.settler.isDone }
            bench.context.stop()
        }
        #expect(try await server.failures() == [])
    }

    @Test func `a stop counts what the master has, and sends the rest over the connection for commands`() async throws {
        let asked = Monitor(false)
        let server = try StreamServer { server in
            try server.greet()
            guard server.number > 0 else {
                try server.expect(command("XACK", "s", "g", "1-0"))
                try server.send(":1\r\n")
                try server.expect(Self.wait)
                asked.withLock { $0 = true }
                return try server.expectEnd()
            }
            try server.expect(command("XACK", "s", "g", "2-0"))
            try server.send(":1\r\n")
            try server.expectEnd()
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            bench.acknowledge(1)
            bench.replicas.start()
            try await turns(of: actor.loop) { asked.value }
            bench.acknowledge(2)
            bench.settler.flush()
            bench.replicas.stop()
            #expect(bench.unconfirmed == 1)
            bench.context.commands.onUp = { [route = bench.route] _ in route.settler.flush() }
            bench.context.commands.start()
            try await turns(of: actor.loop) { bench.settler.isDone }
            bench.context.stop()
        }
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `a server that refuses to wait is asked again, and nothing counts as settled`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("XACK", "s", "g", "1-0"))
            try server.send(":1\r\n")
            try server.expect(Self.wait)
            try server.send(":0\r\n-NOPERM User bob has no permissions to run the 'wait' command\r\n")
            try server.expect(Self.wait)
            try server.send(":0\r\n:1\r\n")
            try server.expectEnd()
        }
        let time = try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            bench.acknowledge(1)
            let start = ContinuousClock.now
            bench.replicas.start()
            try await turns(of: actor.loop) { bench.settler.isDone }
            bench.context.stop()
            return ContinuousClock.now - start
        }
        #expect(time >= .milliseconds(990))
        #expect(try await server.failures() == [])
    }

    @Test(arguments: [true, false])
    func `a route that has left stays until replicas have what it settled, or nobody can tell`(
        isReplicated: Bool
    ) async throws {
        let (asked, isLetGo) = (Gate(), Gate())
        let letter = try Self.letter(anyRow()).command(into: "{s}:dead:orders").command.encoded
        let settlements = command("XACK", "s", "g", "1-0") + String(decoding: letter, as: UTF8.self)
        let server = try StreamServer { server in
            guard server.number == 0 else { return server.hang() }
            try server.greet()
            try server.expect(settlements)
            try server.send(":1\r\n$3\r\n9-0\r\n")
            try server.expect(Self.wait)
            asked.open()
            _ = isLetGo.wait()
            if isReplicated { try server.send(":0\r\n:1\r\n") }
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            try await bench.leave(asked, isLetGo) { route in
                bench.acknowledge(1, of: route)
                bench.bury(of: route) { Self.letter($0) }
                bench.confirm(3, of: route)
            }
        }
    }

    /// What replicas have of it is followed by its acknowledgement, the answer to which is waited for, too.
    @Test func `a route that has left stays for the second step of its dead letter`() async throws {
        let letter = try Self.letter(isOwnerless: true, anyRow())
        let (asked, isLetGo) = (Gate(), Gate())
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(
                RESPCommand("XADD", arguments: ["{s}:dead:orders", "*"] + letter.layout.arguments).encoded)
            try server.send("$3\r\n9-0\r\n")
            try server.expect(Self.wait)
            asked.open()
            _ = isLetGo.wait()
            try server.send(":0\r\n:1\r\n")
            try server.expect(command("XACK", "s", "g", "2-0"))
            try server.send(":0\r\n")
            try server.expect(Self.wait)
            try server.send(":0\r\n:1\r\n")
            try server.expectEnd()
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            try await bench.leave(asked, isLetGo) { route in
                bench.bury(of: route) { Self.letter(isOwnerless: true, $0) }
            }
        }
        #expect(try await server.failures() == [])
    }
}
