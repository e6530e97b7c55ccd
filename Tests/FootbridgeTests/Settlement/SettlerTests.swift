import FootbridgeCurl
import FootbridgeRESP
import FootbridgeRedis
import Logging
import LoopTestSupport
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

/// What is sent again after a lost connection or a refusal, and what is not.
@Suite(.timeLimit(.minutes(1))) struct SettlerTests {
    /// A route on a worker without replicas; `didConnect` runs whenever its connection for commands comes up.
    private final class Bench {
        let context: WorkerContext
        let route: Route
        var settler: Settler { route.settler }

        init(_ loop: CurlLoop, _ server: StreamServer, didConnect: @escaping (Route) -> Void = { $0.settler.flush() })
            throws
        {
            let target = RedisTarget(
                socket: SocketTarget(address: .tcp(host: "127.0.0.1", port: server.port)), handshake: RedisHandshake())
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            context = WorkerContext(loop: loop, consumer: "a.1", target: target, waitForAck: nil, logger: logger)
            var config = RouteConfig(
                name: "orders", streams: ["s"], group: "g", destination: .webhook(WebhookConfig(url: "http://a")))
            config.concurrency = 4
            route = try Route(config, worker: context, logger: logger)
            // A route lives as long as its loop, whose timers and replies come back to it: so it does here.
            _ = Unmanaged.passRetained(route)
            _ = Unmanaged.passRetained(context)
            context.commands.onUp = { [unowned route] _ in didConnect(route) }
        }

        /// An entry that waits, and has had one attempt.
        func wait(_ number: UInt64, due: MonotonicTime) throws -> EntryTable.Row {
            let row = route.table.wait(key(number), due: due, attempts: 1, firstAt: 1)
            return try #require(row)
        }

        /// The entry of `letter`.
        func settle() throws -> EntryTable.Row {
            let row = route.table.settle(key(2), attempts: 1)
            return try #require(row)
        }
    }

    private static func key(_ number: UInt64) -> EntryKey {
        EntryKey(stream: 0, id: EntryID(milliseconds: number))
    }

    private static let past = MonotonicTime(nanoseconds: 1)
    private static var future: MonotonicTime { .now + .seconds(3600) }

    private static func counts(_ ids: UInt64...) -> [UInt8] {
        StreamCommand.setAttempts(
            ids.map { (EntryID(milliseconds: $0), 1) }, stream: "s", group: "g", consumer: "a.1"
        ).command.encoded
    }

    private static func fetch(_ ids: ClosedRange<UInt64>) -> [UInt8] {
        StreamCommand.fetch(
            ids.map { (EntryID(milliseconds: $0), 2) }, stream: "s", group: "g", consumer: "a.1"
        ).command.encoded
    }

    /// The answer to a fetch: one entry was looked at, and found.
    private static let firstOfThree = "*2\r\n:1\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nn\r\n$1\r\n1\r\n"

    private static func letter(_ row: EntryTable.Row) -> DeadLetter {
        DeadLetter(
            row: row, key: key(2), stream: "s", route: "orders", group: "g", consumer: "a.1",
            reason: .malformed("no field"), attempts: 1, firstAt: 1, lastAt: 2, response: [],
            fields: EntryFields(["n": "1"]))
    }

    private static func letterBytes(mayBeWritten: Bool = false) throws -> [UInt8] {
        var letter = letter(try anyRow())
        letter.mayBeWritten = mayBeWritten
        return letter.command(into: "{s}:dead:orders").command.encoded
    }

    @Test func `a count whose answer was lost is sent again`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(Self.counts(1))
            guard server.number > 0 else { return }
            try server.send(":0\r\n")
            try server.expectEnd()
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            bench.settler.count(try bench.wait(1, due: Self.future))
            bench.context.commands.start()
            try await turns(of: actor.loop) { bench.settler.isDone }
            bench.context.stop()
        }
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `a count that a fetch has overtaken is not sent`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(Self.counts(2))
            try server.send(":0\r\n")
            try server.expectEnd()
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            bench.settler.count(try bench.wait(1, due: Self.past))
            bench.settler.count(try bench.wait(2, due: Self.future))
            let fetched = bench.route.table.takeDue(.now)
            #expect(fetched != nil)
            bench.context.commands.start()
            try await turns(of: actor.loop) { bench.settler.isDone || server.connections > 1 }
            bench.context.stop()
        }
        #expect(try await server.failures() == [])
    }

    @Test func `a letter whose answer was lost and that is found among the last was written`() async throws {
        let (letter, again) = (try Self.letterBytes(), try Self.letterBytes(mayBeWritten: true))
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(server.number > 0 ? again : letter)
            guard server.number > 0 else { return }
            try server.send("*1\r\n:1\r\n")
            try server.expectEnd()
        }
        let figures = try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            bench.settler.bury(Self.letter(try bench.settle()))
            bench.context.commands.start()
            try await turns(of: actor.loop) { bench.settler.isDone || server.connections > 2 }
            bench.context.stop()
            return bench.route.counters.figures
        }
        #expect(figures.dead == 1 && figures.lostOwnership == 0)
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `a letter that is refused holds its entry, which waits without its body, and not the route`()
        async throws
    {
        let letter = try Self.letterBytes()
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(letter)
            try server.send("-OOM command not allowed when used memory > 'maxmemory'.\r\n")
            try server.expectEnd()
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            let row = try bench.settle()
            bench.settler.bury(Self.letter(row))
            bench.context.commands.start()
            try await turns(of: actor.loop) { bench.settler.refusesLetters(of: 0) }
            #expect(bench.route.table.isDoomed(row) && bench.route.table.busy == 0)
            bench.context.stop()
        }
        #expect(try await server.failures() == [])
    }

    @Test func `a fetch whose answer was lost may have counted: what is so now is written`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            guard server.number > 0 else { return try server.expect(Self.fetch(1...1)) }
            try server.expect(Self.counts(1))
            try server.send(":0\r\n")
            server.waitForEnd()
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server) { route in
                if server.connections == 1 { route.endTurn() } else { route.settler.flush() }
            }
            _ = try bench.wait(1, due: Self.past)
            bench.context.commands.start()
            try await turns(of: actor.loop) { server.connections == 2 && bench.settler.isDone }
            bench.context.stop()
        }
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `repeats are fetched into half of the window`() async throws {
        let isAsked = Gate()
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(Self.fetch(1...8))
            isAsked.open()
            try server.expectEnd()
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server) { $0.endTurn() }
            #expect(bench.route.intake.window == 16)
            for number in 1...20 as ClosedRange<UInt64> { _ = try bench.wait(number, due: Self.past) }
            bench.context.commands.start()
            try await turns(of: actor.loop) { bench.route.table.count(.fetching) > 0 }
            #expect(bench.route.table.count(.fetching) == 8)
            _ = try await onThread { isAsked.wait() }
            bench.context.stop()
        }
        #expect(try await server.failures() == [])
    }

    /// Large entries: the script looks at no more of them when it has some megabytes.
    @Test func `what one fetch did not come to is fetched by the next, at once`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(Self.fetch(1...3))
            try server.send(Self.firstOfThree)
            try server.expect(Self.fetch(2...3))
            server.waitForEnd()
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server) { $0.endTurn() }
            for number in 1...3 as ClosedRange<UInt64> { _ = try bench.wait(number, due: Self.past) }
            bench.context.commands.start()
            try await turns(of: actor.loop) { bench.route.table.count(.queued) == 1 }
            #expect(bench.route.table.count(.fetching) == 2)
            bench.context.stop()
        }
        #expect(try await server.failures() == [])
    }

    /// Taking an entry for a fetch cancels its count, for the fetch writes the next one.
    @Test func `a count is sent if the fetch that was to write it did not come to its entry`() async throws {
        let (isAsked, isRoomGone) = (Gate(), Gate())
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(Self.fetch(1...3))
            isAsked.open()
            _ = isRoomGone.wait()
            try server.send(Self.firstOfThree)
            try server.expect(Self.counts(2, 3))
            try server.send(":0\r\n")
            try server.expectEnd()
        }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server) { $0.endTurn() }
            for number in 1...3 as ClosedRange<UInt64> {
                bench.settler.count(try bench.wait(number, due: Self.past))
            }
            bench.context.commands.start()
            _ = try await onThread { isAsked.wait() }
            // Entries turn out to be so large that one fills the window.
            bench.route.intake.sizes.note(64 << 20)
            isRoomGone.open()
            try await turns(of: actor.loop) { bench.route.table.count(.queued) == 1 && bench.settler.isDone }
            #expect(bench.route.table.count(.waiting) == 2)
            bench.context.stop()
        }
        #expect(try await server.failures() == [])
    }

    @Test func `what is being buried is not buried anew`() async throws {
        let server = try StreamServer { _ in }
        try await onLoop { actor in
            let bench = try Bench(actor.loop, server)
            #expect(bench.route.burials.buryTrimmed(Self.key(1), of: "a.1", attempts: 1))
            #expect(!bench.route.burials.buryTrimmed(Self.key(1), of: "a.1", attempts: 1))
        }
    }
}
