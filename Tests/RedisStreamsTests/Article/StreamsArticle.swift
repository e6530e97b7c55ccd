import Foundation
import RedisStreams
import TestSupport
import Testing

/// The story of `docs/streams.md`, number by number. What stands in the article stands here, word for word
/// (`ArticleTextTests`); what is between proves it.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct StreamsArticle {
    /// Noon-free UTC: `day(2)` is 2018-01-02T00:00:00Z.
    private func day(_ day: Int) -> Date { Date(timeIntervalSince1970: 1_514_764_800 + Double(day - 1) * 86_400) }

    @Test func `add and slice`() async throws {
        let live = try await LiveRedis.start()
        let url = live.server.url

        let redis = try await Redis.connect(url)
        let stream = redis.stream("stream-a")

        let first = try await stream.add(["message": "hello streams"])
        let second = try await stream.add(["message": "message 2"])
        let third = try await stream.add(["message": "message 3", "size": 12])

        #expect(first < second && second < third)
        #expect(try await stream.count == 3)
        let text = try await stream[second]?["message"]
        #expect(text == "message 2")

        let fromSecond = try await stream[second...].entries()
        let between = try await stream[first...second].entries()
        let firstTwo = try await stream[first...].prefix(2).entries()
        let behind = try await stream[.after(second)].entries()  // without `second` itself
        let newest = try await stream[...].reversed().prefix(1).entries()

        #expect(fromSecond.map(\.id) == [second, third])
        #expect(between.map(\.id) == [first, second])
        #expect(firstTwo.map(\.id) == [first, second])
        #expect(behind.map(\.id) == [third])
        #expect(newest.map(\.id) == [third])
        #expect(fromSecond.map { $0["message"] } == ["message 2", "message 3"])
        #expect(behind.first?.fields.integer("size") == 12)

        let isThere = try await stream.contains(third)
        let deleted = try await stream.delete(third)

        #expect(isThere && deleted == 1)
        #expect(try await stream.contains(third) == false)
        #expect(try await stream[third] == nil)

        try await stream.add(contentsOf: (0..<1000).lazy.map { ["n": $0] })
        #expect(try await stream.count == 1002)

        try await stream.trim(to: 10)  // about 10: the server drops whole nodes only
        let about = try await stream.count
        try await stream.trim(to: 10, .exact)
        let exactly = try await stream.count

        // A node has a hundred.
        #expect((10..<110).contains(about))
        #expect(exactly == 10)

        var sum = 0
        for try await entry in stream[...] {
            sum += entry.fields.integer("n") ?? 0
        }

        #expect(sum == (990..<1000).reduce(0, +))
        await redis.close()
    }

    @Test func `read and block`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        let stream = redis.stream("stream-a")
        let last = try await stream.add(["n": 1])
        try await stream.add(["n": 2])

        let all = try await stream.read()  // 1,000 at most, or `count`
        let behind = try await stream.read(after: last)

        #expect(all.map { $0["n"] } == ["1", "2"])
        #expect(behind.map { $0["n"] } == ["2"])
        let latest = try await stream.read(after: .latest)
        #expect(latest == [])

        async let waited = stream.read(after: .latest, count: 1, waiting: .seconds(30))
        try await live.waitUntilBlocked()
        try await stream.add(["n": 3])
        let new = try await waited
        #expect(new.map { $0["n"] } == ["3"])

        let follower = Task {
            for try await message in stream.tail(after: .after(last)) {
                if message["n"] == "4" { return message }
            }
            fatalError("a tail has no end")
        }
        try await stream.add(["n": 4])
        #expect(try await follower.value["n"] == "4")

        let batches = try await redis.read(["stream-a": .after(last), "stream-b": .beginning], count: 2)

        #expect(batches.map(\.stream) == ["stream-a"])
        #expect(batches.messages.map { $0["n"] } == ["2", "3"])
        await redis.close()
    }

    @Test func `trim what all groups are done with`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        let orders = redis.stream("orders")
        let ids = try await orders.add(contentsOf: (0..<1000).lazy.map { ["n": $0] })
        let (fast, slow) = (redis.consumerGroup("fast", of: ["orders"]), redis.consumerGroup("slow", of: ["orders"]))
        try await fast.create()
        try await slow.create()
        try await fast.acknowledge(fast.read(count: 600).messages)
        try await slow.acknowledge(slow.read(count: 500).messages.filter { $0.id != ids[300] })

        var needed: [EntryID] = []
        for group in try await orders.groups() {
            let pending = try await redis.consumerGroup(group.name, of: ["orders"])["orders"].pendingSummary()
            needed.append(pending.lowest ?? group.lastDelivered)
        }
        if let oldest = needed.min() { try await orders.trim(before: oldest) }

        #expect(Set(needed) == [ids[599], ids[300]])
        // Whole nodes of a hundred.
        #expect(try await orders.count == 700)
        await redis.close()
    }

    @Test func `groups`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        let first = try await redis.stream("stream-a").add(contentsOf: (0..<10).map { ["n": $0] })[0]

        let group = redis.consumerGroup("cg-abc", of: ["stream-a", "stream-b", "stream-c"])
        try await group.create(from: .latest)

        #expect(group.consumer == "cg-abc.c1")
        #expect(try await group.create() == ["stream-a": false, "stream-b": false, "stream-c": false])
        // Made without a trace: no entry was added and deleted.
        #expect(try await redis.stream("stream-b").info().lastID == .zero)
        #expect(try await group.read() == [])

        for stream in group.streams {
            try await redis.stream(stream).add(["message": "new in \(stream)"])
        }
        let batches = try await group.read(count: 10, waiting: .seconds(2))

        #expect(batches.map(\.stream) == ["stream-a", "stream-b", "stream-c"])
        // In the order of their ids, and stream-a had entries in this millisecond, perhaps.
        #expect(batches.messages == batches.messages.sorted { $0.id < $1.id })
        #expect(
            batches.map { $0.entries.map { $0["message"] } }
                == [["new in stream-a"], ["new in stream-b"], ["new in stream-c"]])
        #expect(try await group.read() == [])

        let pending = try await group["stream-a"].pending()
        let acknowledged = try await group["stream-a"].acknowledge(pending.map(\.id))

        #expect(pending.map(\.consumer) == ["cg-abc.c1"] && pending.map(\.deliveryCount) == [1])
        #expect(pending.map(\.id) == batches[0].entries.map(\.id))
        #expect(acknowledged == 1)
        #expect(try await group["stream-a"].pending() == [])
        #expect(try await group["stream-a"].acknowledge(pending[0].id) == 0)

        // All of this may take less than the millisecond that is asked for.
        while try await group["stream-b"].pending(minimumIdle: .milliseconds(1)).isEmpty {}

        let second = group.consumer("cg-abc.c2")
        let abandoned = try await group["stream-b"].pending(minimumIdle: .milliseconds(1))
        let claimed = try await second["stream-b"].claim(abandoned.map(\.id))

        #expect(claimed.map { $0["message"] } == ["new in stream-b"])
        let moved = try await group["stream-b"].pending()
        #expect(moved.map(\.consumer) == ["cg-abc.c2"] && moved.map(\.deliveryCount) == [2])
        #expect(try await second["stream-b"].pending(minimumIdle: .seconds(60)) == [])

        var kept = 0

        let removal = try await group["stream-b"].removeConsumer("cg-abc.c2")
        if case .refused(let pending) = removal { kept = pending }

        #expect(kept == 1)

        #expect(
            try await group["stream-b"].removeConsumer("cg-abc.c2", force: true) == .removed(dropped: claimed.map(\.id))
        )
        #expect(try await group["stream-b"].consumers().map(\.name) == ["cg-abc.c1"])

        try await group.setID(.after(first))
        try await group.reset()
        #expect(try await group["stream-a"].info()?.lastDelivered == .zero)

        try await group.destroy()

        #expect(try await redis.stream("stream-a").count == 11)
        #expect(try await group.destroy() == ["stream-a": false, "stream-b": false, "stream-c": false])
        await redis.close()
    }

    @Test func `a worker`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        let group = redis.consumerGroup("cg-abc", of: ["stream-a", "stream-b"])
        try await group.create()
        try await redis.stream("stream-a").add(["n": 1])
        try await redis.stream("stream-b").add(["n": 2])
        struct Done: Error {}
        var handled: [String] = []
        func handle(_ message: Message) async throws {
            handled.append(message["n"] ?? "")
            if handled.count == 2 { throw Done() }
        }

        await #expect(throws: Done.self) {
            for try await message in group.entries(abandonedAfter: .seconds(60)) {
                try await handle(message)
            }
        }

        #expect(handled == ["1", "2"])
        // The one that failed was not acknowledged; the other was.
        try await live.eventually("acknowledged") {
            try $0.command("XPENDING", "stream-a", "cg-abc").elements.first == 0
        }
        #expect(try await group["stream-b"].pendingSummary().count == 1)

        var inserted: [String?] = []
        func insert(_ messages: [Message]) async throws {
            if inserted.count == 3 { throw Done() }
            inserted += messages.map { $0["n"] }
            if inserted.count == 3 { try await redis.stream("stream-a").add(["n": 5]) }
        }
        try await redis.stream("stream-a").add(contentsOf: (3...4).map { ["n": $0] })

        await #expect(throws: Done.self) {
            for try await messages in group.batches(count: 500, prefetch: 2) {
                try await insert(messages)
                try await group.acknowledge(messages)
            }
        }

        #expect(inserted == ["2", "3", "4"])
        #expect(try await group["stream-b"].pendingSummary().count == 0)
        #expect(try await group["stream-a"].pendingSummary().count == 1)
        await redis.close()
    }

    @Test func `values`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("orders")

        struct Order: Codable, Equatable {
            var number: Int
            var total: Double
            var tags: [String]
        }

        let order = Order(number: 7, total: 12.5, tags: ["new"])
        let id = try await stream.add(EntryFields(encoding: order))  // number 7, total 12.5, tags ["new"]
        let read = try await stream[id]?.decode(Order.self)

        #expect(read == order)
        #expect(try await stream[id]?.fields == ["number": 7, "total": 12.5, "tags": #"["new"]"#])

        let entry = try #require(try await stream[id])
        var size = 0

        let number = entry.fields.integer("number")  // Int?
        let total = entry.fields.double("total")  // Double?
        let tags = entry["tags"]  // String?
        let bytes = entry.fields["tags"]  // ArraySlice<UInt8>?
        for (name, value) in entry.fields { size += name.count + value.count }  // in their order, as bytes

        #expect(number == 7 && total == 12.5 && tags == #"["new"]"# && bytes?.count == 7 && size == 27)
        await live.redis.close()
    }

    @Test func `failures`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        var reached = ""

        do {
            try await redis.consumerGroup("missing", of: ["stream-a"]).read()
        } catch {
            switch error.kind {
            case .noGroup: reached = error.serverError ?? ""  // NOGROUP No such key 'stream-a' or consumer group …
            case _ where error.isTransient: reached = "Redis, or the way to it, is in trouble: \(error)"
            default: throw error
            }
        }

        #expect(reached.hasPrefix("NOGROUP No such key 'stream-a' or consumer group 'missing'"))

        let length = try await redis.send("XLEN", "stream-a").integer

        #expect(length == 0)
        await redis.close()
    }

    @Test func `time series`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        let (jan2, jan4, jan6) = (day(2), day(4), day(6))
        func date(_ day: Int) -> Date { self.day(day) }

        let series = redis.timeSeries("demo-ts", of: ["s1", "s2"])
        try await series.create()
        for day in 1...10 {
            try await series["s1"].add(["message": "s1 \(day)"], at: date(day))
            if day > 5 { try await series["s2"].add(["message": "s2 \(day)"], at: date(day)) }
        }

        let three = try await series["s1"][jan2...].prefix(3).entries()
        let span = try await series["s1"][jan2...jan4].entries()
        let merged = try await series.messages(jan6...)

        #expect(three.map { $0["message"] } == ["s1 2", "s1 3", "s1 4"])
        #expect(three.map(\.id.date) == [day(2), day(3), day(4)])
        #expect(span == three)
        #expect(
            merged.map { $0["message"] }
                == (6...10).flatMap { ["s1 \($0)", "s2 \($0)"] })

        let messages = try await series.read()  // of all streams, in the order of time
        let pending = try await series["s1"].pending(jan2...jan4)
        let when = pending.map { ($0.id.date, $0.id.sequence) }

        #expect(
            messages.map { "\($0.stream) \($0["message"] ?? "")" }
                == (1...10).flatMap { $0 > 5 ? ["s1 s1 \($0)", "s2 s2 \($0)"] : ["s1 s1 \($0)"] })
        #expect(messages.map(\.sequence).allSatisfy { $0 == 0 })
        #expect(when.map(\.0) == [day(2), day(3), day(4)] && when.map(\.1) == [0, 0, 0])
        #expect(try await series.acknowledge(messages) == 15)
        #expect(try await series["s2"].pending() == [])

        try await series.setID(date(8))
        let after = try await series.read()

        #expect(after.map { $0["message"] } == ["s1 9", "s2 9", "s1 10", "s2 10"])
        try await series.setID(.since(date(10)))
        #expect(try await series.read().map { $0["message"] } == ["s1 10", "s2 10"])
        try await series.destroy()
        await redis.close()
    }
}
