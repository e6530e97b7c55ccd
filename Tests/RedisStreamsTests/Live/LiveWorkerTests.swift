import RedisStreams
import TestSupport
import Testing

/// A worker's loop: what it acknowledges, and what it does not.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct LiveWorkerTests {
    private struct Left: Error {}

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

    @Test func `what the body throws leaves its message pending`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<5).map { ["n": $0] })
        await #expect(throws: Left.self) {
            try await group.process(count: 4) { message in
                if message["n"] == "2" { throw Left() }
            }
        }
        // At once, for process waits for its acknowledgements.
        #expect(try await group["s"].pending().count == 2)
        await live.redis.close()
    }

    @Test func `before it waits, all that was handled is acknowledged`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<250).map { ["n": $0] })
        let worker = Task {
            for try await _ in group.entries() {}
        }
        try await live.waitUntilBlocked()
        #expect(try await pending(group) == [:])
        worker.cancel()
        await #expect(throws: CancellationError.self) { try await worker.value }
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

    @Test func `a worker outlives its server, and handles everything`() async throws {
        let live = try await LiveRedis.start(.init(appendOnly: true, arguments: ["--appendfsync", "always"]))
        let group = live.redis.consumerGroup("g", of: ["s", "t"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<500).map { ["n": $0] })
        try await live.redis.stream("t").add(contentsOf: (500..<1000).map { ["n": $0] })
        var met: Set<Int> = []
        for try await message in group.entries(count: 10) {
            let isNew = met.insert(message.fields.integer("n") ?? -1).inserted
            if isNew, met.count == 300 { try await onThread { try live.server.restart() } }
            if met.count == 1000 { break }
        }
        #expect(met == Set(0..<1000))
        await live.redis.close()
    }
}
