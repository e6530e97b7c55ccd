import FootbridgeCurl
import FootbridgeRESP
import LoopTestSupport
import TestSupport
import TestThreads
import Testing

@testable import FootbridgeRedis

@Suite(.waiting, .onEveryPoller, .timeLimit(.minutes(1))) struct RedisLinkTests {
    private enum Event: Sendable, Equatable {
        case up
        case down(RedisError)
    }

    /// A link's events, as they come; with the last that is wanted the link is stopped.
    private final class Events {
        private(set) var all: [Event] = []
        private let wanted: Int

        init(_ link: RedisLink, _ wanted: Int = .max) {
            self.wanted = wanted
            link.onUp = { [weak self, unowned link] _ in self?.add(.up, link) }
            link.onDown = { [weak self, unowned link] in self?.add(.down($0), link) }
        }

        var isOver: Bool { all.count >= wanted }

        private func add(_ event: Event, _ link: RedisLink) {
            all.append(event)
            if isOver { link.stop() }
        }
    }

    /// The first events of a link to this port.
    private func events(_ count: Int, port: UInt16) async throws -> [Event] {
        try await onLoop { [target] actor in
            let link = RedisLink(loop: actor.loop, target: target(port))
            let events = Events(link, count)
            link.start()
            try await turns(of: actor.loop) { events.isOver }
            try await turns(of: actor.loop, for: .milliseconds(20))
            return events.all
        }
    }

    private func target(_ port: UInt16) -> RedisTarget {
        .loopback(port)
    }

    @Test func `a connection stands after the greeting, and can be used at once`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("PING"))
            try server.send("+PONG\r\n")
            try server.expectEnd()
        }
        let reply = try await onLoop { [target] actor in
            let link = RedisLink(loop: actor.loop, target: target(server.port))
            let reply: Reply = try await callback { done in
                link.onUp = { $0.send(["PING"], done) }
                link.start()
            }
            #expect(link.connection?.isOpen == true)
            link.stop()
            #expect(link.connection == nil)
            return reply
        }
        #expect(reply == .success(.simple("PONG")))
        #expect(try await server.failures() == [])
    }

    @Test func `a connection that is lost is made again`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            if server.number == 2 { try server.expectEnd() }
        }
        let events = try await events(5, port: server.port)
        #expect(events == [.up, .down(.hungUp(server.port)), .up, .down(.hungUp(server.port)), .up])
        #expect(try await server.failures(ofConnections: 3) == [])
    }

    @Test func `each failed attempt is told, and the waits between them grow`() async throws {
        let arrivals = Monitor<[ContinuousClock.Instant]>([])
        let server = try StreamServer { server in
            arrivals.withLock { $0.append(.now) }
            try server.expect(command("HELLO", "3"))
            try server.send("-LOADING Redis is loading the dataset in memory\r\n")
        }
        let events = try await events(5, port: server.port)
        let loading = RedisError.server(ServerError("LOADING Redis is loading the dataset in memory".utf8))
        #expect(events == Array(repeating: .down(loading), count: 5))
        // At least half of 100, 200, 400 and 800 ms.
        let times = arrivals.value
        let waits = zip(times.dropFirst(), times).map { $0 - $1 }
        #expect(zip(waits, [50, 100, 200, 400]).allSatisfy { $0 >= .milliseconds($1) }, "\(waits)")
        #expect(times.count == 5)
    }

    @Test func `a server that hangs up at every word is told of once for three connections`() async throws {
        let server = try StreamServer { _ in }
        let events = try await events(2, port: server.port)
        for event in events {
            guard case .down(.connection(let failure)) = event, failure.kind == .disconnected else {
                Issue.record("\(event)")
                continue
            }
        }
        #expect(events.count == 2)
        #expect(server.connections == 6)
    }

    /// As proxies do with commands that they do not know.
    @Test func `a server that hangs up on HELLO is greeted without it`() async throws {
        let server = try StreamServer { server in
            switch server.number {
            case 0: try server.expect(command("HELLO", "3"))
            default:
                try server.expect(command("CLUSTER", "INFO"))
                try server.send("-ERR This instance has cluster support disabled\r\n")
                try server.expect(command("ROLE"))
                try server.send("*1\r\n+master\r\n")
                try server.expectEnd()
            }
        }
        #expect(try await events(1, port: server.port) == [.up])
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    /// Or a link that was cut in the middle of its greeting once would go on without RESP3, name and role.
    @Test func `a server that knows HELLO is not greeted without it because it hung up once`() async throws {
        let server = try StreamServer { server in
            try server.expect(command("HELLO", "3"))
            if server.number == 1 { return }
            try server.send("%2\r\n+proto\r\n:3\r\n+mode\r\n+standalone\r\n")
            try server.expect(command("ROLE"))
            try server.send("*1\r\n+master\r\n")
            if server.number == 0 { return }
            try server.expectEnd()
        }
        let events = try await events(4, port: server.port)
        #expect(events.first == .up)
        #expect(events.last == .up)
        #expect(try await server.failures(ofConnections: 3) == [])
    }

    @Test func `a server that hangs up on every question is asked none`() async throws {
        let server = try StreamServer { server in
            switch server.number {
            case 0: try server.expect(command("HELLO", "3"))
            case 1: try server.expect(command("CLUSTER", "INFO"))
            default:
                try server.expect(command("PING"))
                try server.send("+PONG\r\n")
                try server.expectEnd()
            }
        }
        #expect(try await events(1, port: server.port) == [.up])
        #expect(try await server.failures(ofConnections: 3) == [])
    }

    /// Where a link is when it is to go elsewhere.
    enum Moment: CaseIterable, Sendable { case connecting, greeting, waiting, up }

    @Test(arguments: Moment.allCases)
    func `a link goes elsewhere at once, whatever it is doing`(moment: Moment) async throws {
        let full = try FullListener()
        let refusing = try RefusingPort()
        let isLeft = Monitor(false)
        let old = try StreamServer { server in
            if moment == .up { try server.greet() }
            server.waitForEnd()
            isLeft.withLock { $0 = true }
        }
        let new = try StreamServer { server in
            try server.greet()
            try server.expectEnd()
        }
        let port =
            switch moment {
            case .connecting: full.port
            case .waiting: refusing.number
            case .greeting, .up: old.port
            }
        let waited = try await onLoop { [target] actor in
            var first = target(port)
            first.socket.connectTimeout = .seconds(40)
            let link = RedisLink(loop: actor.loop, target: first)
            let events = Events(link)
            link.start()
            switch moment {
            case .connecting: try await turns(of: actor.loop, for: .milliseconds(150))
            case .greeting: try await turns(of: actor.loop) { old.connections == 1 }
            // The next wait is 3.2 s at least.
            case .waiting: try await turns(of: actor.loop) { events.all.count == 7 }
            case .up: try await turns(of: actor.loop) { events.all == [.up] }
            }
            let start = ContinuousClock.now
            link.follow(.tcp(host: "127.0.0.1", port: new.port))
            try await turns(of: actor.loop) { link.connection != nil }
            // Where it was, it is given up. A greeting would be by itself, after 5 s.
            if port == old.port { try await turns(of: actor.loop) { isLeft.value } }
            let waited = ContinuousClock.now - start
            #expect(link.address == .tcp(host: "127.0.0.1", port: new.port))
            // Where it is already: nothing happens.
            link.follow(.tcp(host: "127.0.0.1", port: new.port))
            #expect(link.connection != nil)
            link.stop()
            return waited
        }
        // What would have come without the call: the next try, the end of a greeting, of a connection.
        let bound: Duration =
            switch moment {
            case .waiting: .milliseconds(3200)
            case .greeting: .milliseconds(4500)
            case .connecting, .up: .seconds(30)
            }
        #expect(waited < bound, "\(waited)")
        #expect(try await new.failures() == [])
        #expect(new.connections == 1)
    }

    @Test func `who asks for a new connection again and again does not flood the server`() async throws {
        let port = try RefusingPort()
        let (failures, time) = try await onLoop { [target] actor in
            let link = RedisLink(loop: actor.loop, target: target(port.number))
            let start = ContinuousClock.now
            var failures = 0
            link.onDown = { [unowned link] _ in
                failures += 1
                link.reconnect()
            }
            link.start()
            try await turns(of: actor.loop, for: .milliseconds(550))
            link.stop()
            return (failures, ContinuousClock.now - start)
        }
        // One each 100 ms; without the bound there would be thousands.
        #expect(failures >= 2 && failures <= 2 + Int(time / .milliseconds(100)), "\(failures)")
    }

    @Test func `a target's limits bound the replies of its links`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expect(command("GET"))
            try server.send("$1000\r\n")
            try server.expectEnd()
        }
        let error = try await onLoop { [target] actor in
            var limited = target(server.port)
            limited.limits.bulkBytes = 999
            let link = RedisLink(loop: actor.loop, target: limited)
            let error: RedisError = try await callback { done in
                link.onUp = { $0.send(["GET"]) { _ in } }
                link.onDown = { [unowned link] in
                    link.stop()
                    done($0)
                }
                link.start()
            }
            return error
        }
        #expect(error == .protocolViolation(.bulkTooLong(announced: 1000, limit: 999)))
        #expect(try await server.failures() == [])
    }

    @Test func `wrong credentials keep their kind`() async throws {
        let server = try StreamServer { server in
            try server.expect(command("HELLO", "3"))
            try server.send("-NOAUTH Authentication required.\r\n")
            try server.expectEnd()
        }
        let error = RedisError.refused("NOAUTH Authentication required.", by: server.port)
        #expect(try await events(2, port: server.port) == [.down(error), .down(error)])
    }

    @Test func `a short-lived connection does not shorten the waits`() async throws {
        let arrivals = Monitor<[ContinuousClock.Instant]>([])
        let server = try StreamServer { server in
            arrivals.withLock { $0.append(.now) }
            try server.greet()
        }
        _ = try await events(8, port: server.port)
        let times = arrivals.value
        let waits = zip(times.dropFirst(), times).map { $0 - $1 }
        #expect(zip(waits, [50, 100, 200]).allSatisfy { $0 >= .milliseconds($1) }, "\(waits)")
    }

    @Test func `after a connection that stood for long the waits begin anew`() async throws {
        let arrivals = Monitor<[ContinuousClock.Instant]>([])
        let server = try StreamServer { server in
            arrivals.withLock { $0.append(.now) }
            try server.greet()
        }
        try await onLoop { [target] actor in
            let link = RedisLink(loop: actor.loop, target: target(server.port))
            link.healthyAfter = .zero
            let events = Events(link, 15)
            link.start()
            try await turns(of: actor.loop) { events.isOver }
        }
        // Of 100 ms at most; if they grew, the sixth and the seventh of 1.6 s at least.
        let times = arrivals.value
        let waits = zip(times.dropFirst(), times).map { $0 - $1 }
        #expect(waits.count >= 7)
        #expect(waits.dropFirst(5).contains { $0 < .milliseconds(1600) }, "\(waits)")
    }

    /// Six connections that end at once bring the wait to 1.6 s at least; the seventh stands for a while.
    @Test func `a few seconds are long`() async throws {
        let arrivals = Monitor<[ContinuousClock.Instant]>([])
        let server = try StreamServer { server in
            arrivals.withLock { $0.append(.now) }
            try server.greet()
            if server.number == 6 { letPass(.milliseconds(2200)) }
        }
        _ = try await events(15, port: server.port)
        let times = arrivals.value
        #expect(times[6] - times[5] >= .milliseconds(1600))
        #expect(times[7] - times[6] < .milliseconds(3000), "2.2 s, and 100 ms at most")
    }

    @Test func `nobody listening is told at every attempt`() async throws {
        let port = try RefusingPort()
        let events = try await events(3, port: port.number)
        let kinds = events.map { event -> TransportFailure.Kind? in
            if case .down(.connection(let failure)) = event { return failure.kind }
            return nil
        }
        #expect(kinds == [.refused, .refused, .refused])
    }

    @Test func `a replica is left, and asked again until it is a master`() async throws {
        let server = try StreamServer { server in
            try server.greet(role: server.number == 0 ? "slave" : "master")
            try server.expectEnd()
        }
        let events = try await events(2, port: server.port)
        #expect(events == [.down(.notMaster(role: "slave")), .up])
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `a connection that is dropped on purpose is told and made again`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expectEnd()
        }
        let events = try await onLoop { [target] actor in
            let link = RedisLink(loop: actor.loop, target: target(server.port))
            let events = Events(link)
            link.start()
            try await turns(of: actor.loop) { events.all.count == 1 }
            link.reconnect()
            #expect(link.connection == nil)
            try await turns(of: actor.loop) { events.all.count == 3 }
            link.stop()
            return events.all
        }
        #expect(events == [.up, .down(.closed), .up])
        #expect(try await server.failures(ofConnections: 2) == [])
    }

    @Test func `after the stop nothing is told and nothing is tried`() async throws {
        let mayGreet = Gate()
        let server = try StreamServer { server in
            _ = mayGreet.wait()
            server.waitForEnd()
        }
        let events = try await onLoop { [target] actor in
            let link = RedisLink(loop: actor.loop, target: target(server.port))
            let events = Events(link)
            link.start()
            try await turns(of: actor.loop) {
                guard server.connections == 1 else { return false }
                // The handshake is under way, or about to begin.
                link.stop()
                return true
            }
            mayGreet.open()
            try await turns(of: actor.loop, for: .milliseconds(300))
            return events.all
        }
        #expect(events == [])
        #expect(server.connections == 1)
        #expect(try await server.failures() == [])
    }

    @Test func `a handler may stop the link`() async throws {
        let server = try StreamServer { server in
            try server.greet()
            try server.expectEnd()
        }
        let events = try await onLoop { [target] actor in
            let link = RedisLink(loop: actor.loop, target: target(server.port))
            var events: [Event] = []
            link.onUp = { [unowned link] _ in
                events.append(.up)
                link.stop()
            }
            link.onDown = { events.append(.down($0)) }
            link.start()
            try await turns(of: actor.loop) { !events.isEmpty }
            try await turns(of: actor.loop, for: .milliseconds(300))
            return events
        }
        #expect(events == [.up])
        #expect(server.connections == 1)
        #expect(try await server.failures() == [])
    }
}
