import RedisStreams
import TestSupport
import Testing

/// What must not go wrong at the edges of the library, against real servers.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct LiveBoundaryTests {
    @Test func `a command that would shift replies is refused, and nothing is shifted`() async throws {
        let live = try await LiveRedis.start()
        for words in [["SUBSCRIBE", "c"], ["client", "reply", "off"], ["MULTI"], ["MONITOR"]] {
            await #expect(throws: Redis.Failure.self) {
                switch words.count {
                case 1: _ = try await live.redis.send(words[0])
                case 2: _ = try await live.redis.send(words[0], words[1])
                default: _ = try await live.redis.send(words[0], words[1], words[2])
                }
            }
        }
        #expect(try await live.redis.send("ECHO", "mine").text == "mine")
        await live.redis.close()
    }

    @Test func `reads are bounded, and none is none`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        try await stream.add(contentsOf: (0..<1200).map { ["n": $0] })
        #expect(try await stream.read().count == 1000)
        #expect(try await stream.read(count: 0) == [])
        #expect(try await stream.read(count: -1, waiting: .forever) == [])
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        #expect(try await group.read(count: 0) == [])
        #expect(try await group.read(count: -5, waiting: .forever) == [])
        #expect(try await group["s"].pending() == [])
        #expect(try await group.read().messages.count == 1000)
        #expect(try await group.readPending(count: 0) == [])
        #expect(try await group.readPending().messages.count == 1000)
        #expect(try await group["s"].pending(count: 0) == [])
        await live.redis.close()
    }

    @Test func `a range upside down holds nothing, and the highest id ends a reading`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let (low, high) = (EntryID(milliseconds: 1), EntryID(milliseconds: 2))
        for id in [low, high, .maximum] { try await stream.add(["a": 1], id: id) }
        #expect(try await stream[high...low].entries() == [])
        #expect(try await stream[high..<low].entries() == [])
        #expect(try await stream[low...high].entries().count == 2)
        // A full page that ends with the highest id: nothing can be behind it.
        var ids: [EntryID] = []
        for try await entry in stream[...].prefix(3) { ids.append(entry.id) }
        #expect(ids == [low, high, .maximum])
        #expect(try await stream[.after(EntryID.maximum)].entries() == [])
        await live.redis.close()
    }

    @Test func `names that look alike, and names that are no text, are streams like any other`() async throws {
        let live = try await LiveRedis.start()
        let names = [StreamName("\u{E9}"), StreamName("e\u{301}"), StreamName([0xFF, 0x00, 0x0A])]
        for (index, name) in names.enumerated() { try await live.redis.stream(name).add(["n": index]) }
        let group = live.redis.consumerGroup("g", of: names)
        #expect(try await group.create() == [names[0]: true, names[1]: true, names[2]: true])
        var met: [StreamName: String?] = [:]
        for try await message in group.entries(count: 1) {
            met[message.name] = message["n"]
            if met.count == 3 { break }
        }
        #expect(met == [names[0]: "0", names[1]: "1", names[2]: "2"])
        await live.redis.close()
        let probe = try live.server.probe()
        // The last message was at hand when the loop ended.
        let left = try names.prefix(2).map { try probe.command("XPENDING", $0.description, "g").elements.first }
        #expect(left == [0, 0])
    }

    @Test func `what was handled is acknowledged while the body works on the next`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<10).map { ["n": $0] })
        for try await message in group.entries() where message["n"] == "5" {
            // No call of the loop from here on.
            try await live.eventually("five are acknowledged") {
                try $0.command("XPENDING", "s", "g").elements.first == 5
            }
            break
        }
        await live.redis.close()
    }

    @Test(arguments: [1, 99, 100, 101, 350]) func `a client that is closed has acknowledged what was handled`(
        handled: Int
    ) async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<400).map { ["n": $0] })
        var met = 0
        for try await _ in group.entries(count: 400) {
            met += 1
            if met == handled + 1 { break }
        }
        await live.redis.close()
        #expect(try live.server.probe().command("XPENDING", "s", "g").elements.first == .integer(Int64(400 - handled)))
    }

    @Test func `a worker that is cancelled has acknowledged what was handled`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await live.redis.stream("s").add(contentsOf: (0..<10).map { ["n": $0] })
        let worker = Task {
            for try await message in group.entries() where message["n"] == "5" {
                withUnsafeCurrentTask { $0?.cancel() }
                break
            }
            await live.redis.close()
        }
        try await worker.value
        #expect(try live.server.probe().command("XPENDING", "s", "g").elements.first == 5)
    }

    @Test func `a password that is changed while the server is away is told to whoever waits`() async throws {
        let live = try await LiveRedis.start(.init(password: "old"), deadline: .milliseconds(500))
        let probe = try live.server.probe()
        try probe.command("CONFIG", "SET", "requirepass", "new")
        try probe.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        let group = live.redis.consumerGroup("g", of: ["s"])
        await #expect {
            for try await _ in group.entries() {}
        } throws: { error in
            guard let failure = error as? Redis.Failure, failure.kind == .notAllowed else { return false }
            return failure.serverError?.contains("WRONGPASS") == true && !failure.isTransient && !failure.mayHaveRun
        }
        await live.redis.close()
    }

    @Test func `a node of a Cluster is refused in one sentence`() async throws {
        let server = try await onThread { try RedisServer(.init(arguments: ["--cluster-enabled", "yes"])) }
        await #expect(
            throws: Redis.Failure(
                .clusterNode,
                reason: "the server is a node of a Redis Cluster, which is not supported: "
                    + "connect to a single server, or to one that Sentinels watch")
        ) { _ = try await Redis.connect(server.url) }
    }
}
