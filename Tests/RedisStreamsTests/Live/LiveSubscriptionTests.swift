import TestSupport
import Testing

@testable import RedisStreams

/// Channels, against real servers.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct LiveSubscriptionTests {
    @Test func `what is published after the subscription is heard, by name and by pattern`() async throws {
        let live = try await LiveRedis.start()
        let events = try await live.redis.subscribe(to: ["a", "b"], patterns: ["n.*"])
        #expect(try await live.redis.publish("one", to: "a") == 1)
        #expect(try await live.redis.publish([0xFF] as [UInt8], to: "n.x") == 1)
        #expect(try await live.redis.publish("none", to: "c") == 0)
        #expect(try await live.redis.publish("two", to: "b") == 1)
        var heard: [Subscription.Event] = []
        for try await event in events {
            heard.append(event)
            if heard.count == 3 { break }
        }
        func message(_ channel: String, _ bytes: [UInt8], _ pattern: String? = nil) -> Subscription.Event {
            .message(ChannelMessage(channelBytes: Array(channel.utf8), bytes: bytes, pattern: pattern))
        }
        #expect(
            heard == [message("a", Array("one".utf8)), message("n.x", [0xFF], "n.*"), message("b", Array("two".utf8))])
        await live.redis.close()
    }

    @Test func `a connection that is lost is made again, and the gap is told`() async throws {
        let live = try await LiveRedis.start()
        let probe = try live.server.probe()
        var events = try await live.redis.subscribe(to: ["a"], patterns: ["b*"]).makeAsyncIterator()
        for _ in 0..<2 {
            try probe.command("CLIENT", "KILL", "TYPE", "pubsub")
            guard case .gap(.connectionLost)? = try await events.next() else { return #expect(Bool(false), "no gap") }
            // Both are listened to again.
            #expect(try await live.redis.publish("x", to: "a") == 1)
            #expect(try await live.redis.publish("y", to: "bb") == 1)
            for text in ["x", "y"] {
                guard case .message(let message)? = try await events.next() else {
                    return #expect(Bool(false), "no message")
                }
                #expect(message.text == text)
            }
        }
        await live.redis.close()
        #expect(await kind { _ = try await events.next() } == .closed)
    }

    @Test func `a loop that does not keep up is told how much it missed`() async throws {
        let live = try await LiveRedis.start()
        var events = try await live.redis.subscribe(to: ["a"], buffer: 3).makeAsyncIterator()
        // A listener behind this one has heard all that came before.
        var last = try await live.redis.subscribe(to: ["end"]).makeAsyncIterator()
        for number in 0..<10 { try await live.redis.publish(number, to: "a") }
        try await live.redis.publish("end", to: "end")
        _ = try await last.next()
        var heard: [String] = []
        while heard.last != "9" {
            switch try await events.next() {
            case .message(let message)?: heard.append(message.text)
            case .gap(.overflow(let dropped))?: heard.append("-\(dropped)")
            case let other: return #expect("\(other as Any)" == "")
            }
        }
        // What arrived after the loop began is heard, too: nothing is missing but what was told.
        let told = heard.compactMap { Int($0) }.filter { $0 < 0 }.reduce(0) { $0 - $1 }
        #expect(told > 0 && told + heard.filter { !$0.hasPrefix("-") }.count == 10)
        await live.redis.close()
    }

    @Test func `it ends with its task, and with its last reference`() async throws {
        let live = try await LiveRedis.start()
        let task = Task { [redis = live.redis] in
            for try await _ in try await redis.subscribe(to: ["a"]) {}
        }
        try await live.eventually("one listens") { try $0.command("PUBSUB", "CHANNELS").elements.count == 1 }
        task.cancel()
        #expect(await kind { try await task.value } == .cancelled)
        try await live.eventually("nobody listens") { try $0.command("PUBSUB", "CHANNELS").elements.isEmpty }
        await live.redis.close()
    }

    @Test func `what the server refuses is told, and nothing is named is an error`() async throws {
        let live = try await LiveRedis.start()
        #expect(await kind { _ = try await live.redis.subscribe() } == .notSent)
        let probe = try live.server.probe()
        try probe.command("ACL", "SETUSER", "reader", "on", ">pw", "~*", "resetchannels", "+@all")
        let other = try await Redis.connect("redis://reader:pw@127.0.0.1:\(live.server.port)")
        #expect(await kind { _ = try await other.subscribe(to: ["a"]) } == .notAllowed)
        await other.close()
        await live.redis.close()
    }

    @Test func `a task that is cancelled already does not listen`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        for _ in 0..<20 {
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await redis.subscribe(to: ["a"])
            }
            #expect(await kind { try await task.value } == .cancelled)
        }
        try await live.eventually("nobody listens") { try $0.command("PUBSUB", "CHANNELS").elements.isEmpty }
        await live.redis.close()
    }
}
