import RedisStreams
import TestSupport
import Testing

/// The client against a real server: addresses, loss of the connection, cancellation.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct LiveClientTests {
    @Test func `raw commands and their replies`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        try await redis.stream("s").add(["a": 1])
        #expect(try await redis.send("XLEN", "s").integer == 1)
        #expect(try await redis.send("SET", "k", [0, 255] as [UInt8]).text == "OK")
        #expect(try await redis.send("GET", "k").bytes == [0, 255])
        #expect(try await redis.send("GET", "missing").isNull)
        #expect(try await redis.send("MGET", "k", "missing").elements?.map(\.isNull) == [false, true])
        #expect(try await redis.send("XINFO", "STREAM", "s")["length"]?.integer == 1)
        await #expect(throws: Redis.Failure(.other, command: "SET", serverError: "ERR syntax error")) {
            try await redis.send("SET", "k", "v", "EX")
        }
        await redis.close()
        await #expect(throws: Redis.Failure(.closed, command: "PING")) { try await redis.send("PING") }
    }

    @Test func `errors say what kind they are`() async throws {
        let live = try await LiveRedis.start(.init(password: "right"))
        let (redis, stream) = (live.redis, live.redis.stream("s"))
        _ = try await redis.send("SET", "text", "x")
        try await stream.add(["a": 1], id: EntryID(milliseconds: 5))
        #expect(await kind { try await stream.add(["a": 1], id: EntryID(milliseconds: 5)) } == .idTooLow)
        #expect(await kind { _ = try await redis.stream("none").info() } == .noStream)
        #expect(await kind { _ = try await redis.stream("none").groups() } == .noStream)
        #expect(await kind { _ = try await redis.consumerGroup("g", of: ["s"]).read() } == .noGroup)
        #expect(await kind { _ = try await redis.consumerGroup("g", of: ["s"])["s"].consumers() } == .noGroup)
        #expect(await kind { _ = try await redis.stream("text").count } == .wrongType)
        #expect(await kind { try await redis.consumerGroup("g", of: ["text"]).create() } == .wrongType)
        #expect(await kind { _ = try await redis.send("NONSENSE") } == .unknownCommand)
        let port = live.server.port
        #expect(await kind { _ = try await Redis.connect("redis://:wrong@127.0.0.1:\(port)") } == .notAllowed)
        await redis.close()
    }

    @Test func `addresses that are wrong or lead nowhere`() async throws {
        await #expect(
            throws: Redis.Failure(
                .invalidConfiguration, reason: #"unknown scheme "http"; use redis://, rediss:// or unix://"#)
        ) { _ = try await Redis.connect("http://localhost") }
        #expect(await kind { _ = try await Redis.connect("redis://127.0.0.1:1") } == .unreachable)
    }

    @Test func `a server that refuses us is told with its address, who we were, and what to do`() async throws {
        let server = try await onThread { try RedisServer(.init(password: "secret")) }
        let address = "127.0.0.1:\(server.port)"
        let forgotten = await failure { _ = try await Redis.connect("redis://\(address)") }
        #expect(forgotten?.kind == .notAllowed)
        #expect(
            forgotten?.description
                == "\(address) wants a password: redis://:PASSWORD@host, or `RedisConfiguration.password`")
        #expect(forgotten?.serverError?.hasPrefix("NOAUTH ") == true)
        for (login, user) in [(":hunter2", "default"), ("bob:hunter2", "bob")] {
            let redis = Redis(try RedisConfiguration("redis://\(login)@\(address)"))
            let wrong = await failure { _ = try await redis.with(deadline: .seconds(1)).send("PING") }
            #expect(wrong?.kind == .notAllowed)
            #expect(wrong?.serverError?.hasPrefix("WRONGPASS ") == true)
            let words = "PING: it was not sent: \(address) refuses the user \"\(user)\": WRONGPASS "
            #expect(wrong?.description.hasPrefix(words) == true)
            #expect(wrong?.description.contains("hunter2") == false)
            await redis.close()
        }
    }

    @Test func `TLS and unix sockets`() async throws {
        let live = try await LiveRedis.start(.init(tls: true, choice: .redis))
        #expect(live.server.url.hasPrefix("rediss://"))
        try await live.redis.stream("s").add(["a": 1])
        let other = try await Redis.connect(live.server.unixURL)
        #expect(try await other.stream("s").count == 1)
        await other.close()
        await live.redis.close()
    }

    @Test func `a reading by pages outlives its connections`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        try await stream.add(contentsOf: (0..<5000).map { ["n": $0] })
        let probe = try live.server.probe()
        var numbers: [Int] = []
        for try await entry in stream[...] {
            numbers.append(entry.fields.integer("n") ?? -1)
            if numbers.count.isMultiple(of: 1000) {
                try probe.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            }
        }
        #expect(numbers == Array(0..<5000))
        await live.redis.close()
    }

    @Test func `a tail outlives its server, and misses nothing`() async throws {
        let live = try await LiveRedis.start(
            .init(appendOnly: true, arguments: ["--appendfsync", "always"]), deadline: .seconds(1))
        let probe = try live.server.probe()
        let stream = live.redis.stream("s")
        try await stream.add(["n": 0])
        @Sendable func follow() async throws -> [Int] {
            var numbers: [Int] = []
            for try await message in stream.tail() {
                numbers.append(message.fields.integer("n") ?? -1)
                if numbers.last == 3 { break }
            }
            return numbers
        }
        async let numbers = follow()
        // The end of the stream was looked up: 0 is not of it.
        try await live.waitUntilBlocked()
        try probe.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        // Added while nobody reads, before the tail has met any entry.
        #expect(try probe.command("XADD", "s", "*", "n", "1").text != nil)
        #expect(try probe.command("XADD", "s", "*", "n", "2").text != nil)
        try await onThread { try live.server.restart() }
        #expect(try live.server.probe().command("XADD", "s", "*", "n", "3").text != nil)
        #expect(try await numbers == [1, 2, 3])
        await live.redis.close()
    }

    @Test func `a group's read that is cancelled takes nothing with it`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        let read = Task { try await group.read(waiting: .forever) }
        try await live.waitUntilBlocked()
        read.cancel()
        #expect(await kind { _ = try await read.value } == .cancelled)
        // Sooner than the server would have ended it.
        try await live.waitUntilBlocked(0, timeout: .seconds(3))
        try await group["s"].add(["n": 1])
        #expect(try await group["s"].pendingSummary().count == 0)
        #expect(try await group.read(waiting: .upTo(.seconds(5))).messages.map { $0["n"] } == ["1"])
        await live.redis.close()
    }

    @Test func `a wait that is over brings nothing`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        #expect(try await group.read(waiting: .upTo(.milliseconds(20))) == [])
        #expect(try await live.redis.stream("s").read(waiting: .upTo(.milliseconds(20))) == [])
        #expect(try await live.redis.stream("s").read(waiting: .upTo(.zero)) == [])
        await live.redis.close()
    }

    @Test func `many tasks at once`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        try await withThrowingTaskGroup { group in
            for task in 0..<50 {
                group.addTask {
                    for number in 0..<20 {
                        let id = try await stream.add(["task": task, "number": number])
                        let entry = try await stream[id]
                        #expect(entry?.fields == ["task": task, "number": number])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await stream.count == 1000)
        await live.redis.close()
    }
}
