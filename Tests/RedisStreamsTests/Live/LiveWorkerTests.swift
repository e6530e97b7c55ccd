import TestSupport
import Testing

@testable import RedisStreams

/// A worker's loop: what it acknowledges, and what it does not.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct LiveWorkerTests {
    private func pending(_ group: ConsumerGroup) async throws -> [String: Int] {
        try await group["s"].pendingSummary().consumers
    }

    @Test func `each is acknowledged when the next is asked for, and the one at hand is not`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<5).map { ["n": $0] })
        for try await message in group.entries() where message["n"] == "3" { break }
        // Handled and acknowledged: 0, 1, 2. At hand: 3. Read and not handed out: 4.
        try await live.eventually("acknowledged") { try $0.command("XPENDING", "s", "g").elements.first == 2 }
        var again: [String?] = []
        for try await message in group.entries() {
            again.append(message["n"])
            if again.count == 2 { break }
        }
        #expect(again == ["3", "4"])
        await live.redis.close()
    }

    @Test func `an acknowledgement that the server refused is sent again with the next`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<3).map { ["n": $0] })
        let messages = try await group.read(count: 3).messages
        _ = try await live.redis.send("RENAME", "s", "elsewhere")
        _ = try await live.redis.send("SET", "s", "text")
        let acknowledger = Acknowledger(group)
        _ = acknowledger.append(messages[0])
        acknowledger.send()
        await #expect(throws: (any Error).self) { try await acknowledger.confirm() }
        _ = try await live.redis.send("RENAME", "elsewhere", "s")
        _ = acknowledger.append(messages[1])
        await acknowledger.finish()
        #expect(try await pending(group) == ["g.c1": 1])
        await live.redis.close()
    }

    @Test func `the next messages are handled while an acknowledgement is on its way`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<4).map { ["n": $0] })
        var messages = group.entries(count: 1, prefetch: 2).makeAsyncIterator()
        #expect(try await messages.next()?["n"] == "0")
        // What the server has done it has answered, too.
        try await live.eventually("read ahead") { try $0.command("XPENDING", "s", "g").elements.first == 3 }
        live.server.pause()
        // The acknowledgements of 0 and 1 go out, and are not answered.
        #expect(try await messages.next()?["n"] == "1")
        #expect(try await messages.next()?["n"] == "2")
        live.server.resume()
        #expect(try await messages.next()?["n"] == "3")
        await live.redis.close()
    }

    @Test(arguments: [0, 2])
    func `before it waits, all that was handled is acknowledged`(prefetch: Int) async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<250).map { ["n": $0] })
        let worker = Task {
            for try await _ in group.entries(prefetch: prefetch) {}
        }
        try await live.waitUntilBlocked()
        #expect(try await pending(group) == [:])
        worker.cancel()
        #expect(await kind { try await worker.value } == .cancelled)
        await live.redis.close()
    }

    @Test func `what another has abandoned is taken over, and what it works on is not`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"], consumer: "dead")
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<3).map { ["n": $0] })
        _ = try await group.read(count: 2)
        // As if it had been an hour ago.
        let old = try await group["s"].pending(count: 1)[0].id
        _ = try await live.redis.send(
            "XCLAIM", "s", "g", "dead", 0, old.description, "IDLE", 3_600_000, "JUSTID")
        var met: [String?] = []
        for try await message in group.consumer("living").entries(abandonedAfter: .seconds(600)) {
            met.append(message["n"])
            if met.count == 2 { break }
        }
        #expect(met == ["0", "2"])
        #expect(try await pending(group)["dead"] == 1)
        await live.redis.close()
    }

    /// It is no such thing yet when the worker looks first.
    @Test func `what is abandoned while a worker waits is taken over as well`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"], consumer: "dead")
        try await group.create()
        let id = try await live.redis.stream("s").add(["n": 1])
        _ = try await group.read(count: 1)
        var met: EntryID?
        for try await message in group.consumer("living").entries(abandonedAfter: .milliseconds(400)) {
            met = message.id
            break
        }
        #expect(met == id)
        await live.redis.close()
    }

    @Test func `what is asked for ahead comes in order, once, and all of it`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        // Full portions to the last, and one that is not.
        for count in [490, 11] { try await live.redis.stream("s").add(contentsOf: (0..<count).map { ["n": $0] }) }
        var met: [Int?] = []
        for try await message in group.entries(count: 7, prefetch: 3) {
            met.append(message.fields.integer("n"))
            if met.count == 501 { break }
        }
        #expect(met == Array(0..<490) + Array(0..<11))
        try await live.eventually("acknowledged") { try $0.command("XPENDING", "s", "g").elements.first == 1 }
        await live.redis.close()
    }

    @Test func `what was asked for ahead and not handed out stays pending, and is met first by the next loop`()
        async throws
    {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<20).map { ["n": $0] })
        for try await message in group.entries(count: 2, prefetch: 3) where message["n"] == "1" { break }
        // 0 is acknowledged; 1, and three portions of two.
        try await live.eventually("acknowledged") { try $0.command("XPENDING", "s", "g").elements.first == 7 }
        var again: [Int?] = []
        for try await message in group.entries(count: 2, prefetch: 3) {
            again.append(message.fields.integer("n"))
            if again.count == 19 { break }
        }
        #expect(again == Array(1..<20))
        await live.redis.close()
    }

    @Test(arguments: [0, 2])
    func `portions are acknowledged by their reader, or come again`(prefetch: Int) async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s", "t"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<25).map { ["n": $0] })
        var (met, sizes): ([String?], [Int]) = ([], [])
        for try await messages in group.batches(count: 10, prefetch: prefetch) {
            met += messages.map { $0["n"] }
            sizes.append(messages.count)
            if sizes.count < 3 { try await group.acknowledge(messages) } else { break }
        }
        #expect(sizes == [10, 10, 5])
        #expect(met == (0..<25).map { "\($0)" })
        #expect(try await pending(group) == ["g.c1": 5])
        for try await messages in group.batches(count: 10, prefetch: prefetch) {
            #expect(messages.map { $0["n"] } == ["20", "21", "22", "23", "24"])
            break
        }
        await live.redis.close()
    }

    @Test(arguments: [0, 2])
    func `a worker outlives its server, and handles everything`(prefetch: Int) async throws {
        let live = try await LiveRedis.start(.init(appendOnly: true, arguments: ["--appendfsync", "always"]))
        let group = live.redis.consumerGroup("g", of: ["s", "t"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<500).map { ["n": $0] })
        try await live.redis.stream("t").add(contentsOf: (500..<1000).map { ["n": $0] })
        var met: Set<Int> = []
        for try await message in group.entries(count: 10, prefetch: prefetch) {
            let isNew = met.insert(message.fields.integer("n") ?? -1).inserted
            if isNew, met.count == 300 { try await onThread { try live.server.restart() } }
            if met.count == 1000 { break }
        }
        #expect(met == Set(0..<1000))
        await live.redis.close()
    }
}
