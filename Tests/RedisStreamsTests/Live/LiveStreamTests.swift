import Foundation
import RedisStreams
import TestSupport
import Testing

/// Entries of every kind, against a real server.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct LiveStreamTests {
    private func numbers(_ entries: [StreamEntry]) -> [Int?] { entries.map { $0.fields.integer("n") } }

    /// Entries 1-0, 2-0, … with n = 1, 2, …
    private func numbered(_ count: Int, _ redis: Redis) async throws -> Redis.Stream {
        let stream = redis.stream("s")
        for number in 1...count { try await stream.add(["n": number], id: EntryID(milliseconds: UInt64(number))) }
        return stream
    }

    private func id(_ number: UInt64) -> EntryID { EntryID(milliseconds: number) }

    @Test func `ranges`() async throws {
        let live = try await LiveRedis.start()
        let stream = try await numbered(5, live.redis)
        #expect(try await numbers(stream[...].entries()) == [1, 2, 3, 4, 5])
        #expect(try await numbers(stream[id(2)...id(4)].entries()) == [2, 3, 4])
        #expect(try await numbers(stream[id(2)..<id(4)].entries()) == [2, 3])
        #expect(try await numbers(stream[id(4)...].entries()) == [4, 5])
        #expect(try await numbers(stream[...id(2)].entries()) == [1, 2])
        #expect(try await numbers(stream[..<id(2)].entries()) == [1])
        #expect(try await numbers(stream[.after(id(4))].entries()) == [5])
        #expect(try await numbers(stream[.after(id(2), through: id(4))].entries()) == [3, 4])
        #expect(try await numbers(stream[...].reversed().prefix(2).entries()) == [5, 4])
        #expect(try await numbers(stream[...].reversed().reversed().prefix(2).entries()) == [1, 2])
        #expect(try await numbers(stream[...].prefix(3).prefix(2).entries()) == [1, 2])
        #expect(try await numbers(stream[...].prefix(0).entries()) == [])
        #expect(try await numbers(stream[...].prefix(-1).entries()) == [])
        let upsideDown = EntryInterval(from: .included(id(4)), to: .included(id(2)))
        #expect(try await numbers(stream[upsideDown].entries()) == [])
        #expect(try await stream[...].reversed().first?.id == id(5))
        #expect(try await live.redis.stream("none")[...].entries() == [])
        await live.redis.close()
    }

    @Test(arguments: [0, 1, 16, 17, 1500])
    func `iteration meets every entry once, in either direction`(count: Int) async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        try await stream.add(contentsOf: (0..<count).map { ["n": $0] })
        var forward: [Int?] = []
        for try await entry in stream[...] { forward.append(entry.fields.integer("n")) }
        #expect(forward == Array(0..<count))
        var backward: [Int?] = []
        for try await entry in stream[...].reversed().prefix(1200) { backward.append(entry.fields.integer("n")) }
        #expect(backward == Array((0..<count).reversed().prefix(1200)))
        await live.redis.close()
    }

    /// A hundred are on their way at a time, or a megabyte.
    @Test(arguments: [0, 1, 100, 101, 450]) func `many entries are added in their order`(count: Int) async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let ids = try await stream.add(contentsOf: (0..<count).lazy.map { ["n": $0] })
        #expect(ids.count == count && ids == ids.sorted())
        let entries = try await stream[...].entries()
        #expect(entries.map(\.id) == ids && numbers(entries) == Array(0..<count))
        let large = [UInt8](repeating: 7, count: 300_000)
        #expect(try await stream.add(contentsOf: (0..<10).map { ["n": $0, "large": large] }).count == 10)
        #expect(try await stream.count == count + 10)
        await live.redis.close()
    }

    @Test func `adding many throws what the first that failed met`() async throws {
        let live = try await LiveRedis.start()
        _ = try await live.redis.send("SET", "text", "x")
        let entries = (0..<450).map { ["n": $0] as EntryFields }
        #expect(await kind { try await live.redis.stream("text").add(contentsOf: entries) } == .wrongType)
        // An entry without fields is the caller's mistake; those before it are there.
        let wrong = (0..<450).map { $0 == 120 ? [:] : ["n": $0] as EntryFields }
        #expect(await kind { try await live.redis.stream("s").add(contentsOf: wrong) } == .other)
        #expect(try await live.redis.stream("s").count >= 120)
        await live.redis.close()
    }

    @Test func `bytes of any kind, names that repeat, and nothing at all`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("key with \u{0} and é")
        let bytes = [UInt8](0...255)
        let fields: EntryFields = ["a": bytes, "a": "again", "": "", "é\r\n": "$5\r\n", "a": -1]
        let id = try await stream.add(fields)
        let entry = try #require(try await stream[id])
        #expect(entry.fields == fields)
        #expect(entry.fields.values("a") == [bytes[...], Array("again".utf8)[...], Array("-1".utf8)[...]])
        await #expect(throws: Redis.Failure.self) { try await stream.add([:]) }
        await live.redis.close()
    }

    @Test func `values of 10 MiB`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let large = [UInt8](repeating: 7, count: 10 << 20)
        try await stream.add(contentsOf: (0..<3).map { ["n": $0, "large": large] })
        var met = 0
        for try await entry in stream[...] {
            #expect(areSame(entry.fields["large"] ?? [], large))
            met += 1
        }
        #expect(met == 3)
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        #expect(
            try await group.read().first?.entries.map { $0.fields["large"]?.count } == [10 << 20, 10 << 20, 10 << 20])
        await live.redis.close()
    }

    @Test func `ids at their limits`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let lowest = EntryID(milliseconds: 0, sequence: 1)
        await #expect(throws: Redis.Failure.self) { try await stream.add(["n": 0], id: .zero) }
        #expect(try await stream.add(["n": 1], id: lowest) == lowest)
        #expect(try await stream.add(["n": 2], id: .maximum) == .maximum)
        #expect(try await numbers(stream[...].entries()) == [1, 2])
        #expect(try await numbers(stream[EntryID.maximum...].entries()) == [2])
        #expect(try await numbers(stream[...EntryID.zero].entries()) == [])
        #expect(try await stream.read(after: .maximum) == [])
        await #expect(throws: Redis.Failure.self) { try await stream.add(["n": 3]) }
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        #expect(try await group.read().messages.map(\.id) == [lowest, .maximum])
        #expect(try await group["s"].readPending().entries.map(\.id) == [lowest, .maximum])
        // ">" has this very id: nothing may be read by it.
        #expect(try await group["s"].readPending(after: .maximum).entries.count <= 1)
        #expect(try await group["s"].acknowledge(lowest, .maximum) == 2)
        await live.redis.close()
    }

    @Test func `entries at a date, numbered by the server`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let date = Date(timeIntervalSince1970: 1_514_764_800.123)
        let ids = [try await stream.add(["n": 1], at: date), try await stream.add(["n": 2], at: date)]
        #expect(ids == [EntryID(date), EntryID(date, sequence: 1)])
        #expect(ids[0].milliseconds == 1_514_764_800_123)
        // The millisecond at the end of a range is all of it.
        #expect(try await numbers(stream[...date].entries()) == [1, 2])
        #expect(try await numbers(stream[date...date].entries()) == [1, 2])
        #expect(try await numbers(stream[..<date].entries()) == [])
        #expect(try await numbers(stream[.after(date)].entries()) == [])
        try await stream.add(["n": 3], at: date + 1)
        #expect(try await stream.trim(before: date + 1, .exact) == 2)
        #expect(try await numbers(stream[...].entries()) == [3])
        await live.redis.close()
    }

    @Test func `setID and info`() async throws {
        let live = try await LiveRedis.start()
        let stream = try await numbered(2, live.redis)
        try await stream.setID(id(9))
        let info = try await stream.info()
        #expect(info.length == 2 && info.firstID == id(1) && info.lastID == id(9) && info.groupCount == 0)
        await #expect(throws: Redis.Failure.self) { try await stream.setID(id(1)) }
        #expect(try await stream.add(["n": 3], trimming: .length(1, exact: true)) > id(9))
        #expect(try await stream.count == 1)
        #expect(try await stream.delete([]) == 0)
        await live.redis.close()
    }

    @Test func `a group over entries that are deleted and trimmed`() async throws {
        let live = try await LiveRedis.start()
        let stream = try await numbered(6, live.redis)
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        #expect(try await numbers(group["s"].read(count: 4)) == [1, 2, 3, 4])
        #expect(try await stream.delete(id(2)) == 1)
        #expect(try await stream.trim(before: id(2), .exact) == 1)
        // Both are still pending, and come without their fields.
        let pending = try await group["s"].readPending()
        #expect(pending.deleted == [id(1), id(2)] && numbers(pending.entries) == [3, 4])
        #expect(try await group["s"].pending().map(\.deliveryCount) == [1, 1, 2, 2])
        let other = group.consumer("other")
        let claimed = try await other["s"].autoclaim(minimumIdle: .zero)
        #expect(claimed.deleted == [id(1), id(2)] && numbers(claimed.entries) == [3, 4] && claimed.next == nil)
        #expect(try await group["s"].pendingSummary().consumers == ["other": 2])
        #expect(try await stream.delete(id(3)) == 1)
        #expect(try await numbers(group["s"].claim(id(3), id(4))) == [4])
        #expect(try await group["s"].pending().map(\.id) == [id(4)])
        await live.redis.close()
    }

    @Test func `what was abandoned is taken over in portions`() async throws {
        let live = try await LiveRedis.start()
        _ = try await numbered(25, live.redis)
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        _ = try await group.read()
        let other = group.consumer("other")
        var (ids, next): ([EntryID], EntryID?) = ([], .zero)
        while let start = next {
            let claimed = try await other["s"].autoclaim(minimumIdle: .zero, from: start, count: 10)
            ids += claimed.entries.map(\.id)
            next = claimed.next
        }
        #expect(ids == (1...25).map { id($0) })
        #expect(try await other["s"].autoclaim(minimumIdle: .seconds(60)).entries == [])
        #expect(try await group["s"].removeConsumer() == .removed(dropped: []))
        #expect(try await group["s"].removeConsumer("other") == .refused(pending: 25))
        #expect(try await group["s"].pending(id(2)...id(3), consumer: "other").map(\.id) == [id(2), id(3)])
        await live.redis.close()
    }
}
