import Foundation
import RedisStreams
import TestSupport
import TestThreads
import Testing

/// Where this library differs from walrus 0.9.8 on purpose: each test shows both.
@Suite(.waiting, .timeLimit(.minutes(1))) struct InteropDifferences {
    @Test func `a time zone moves the ids of walrus, and not ours`() async throws {
        let peers = try await Peers.start(timeZone: "America/New_York")
        let series = peers.redis.timeSeries("ts", of: ["s"])
        try await peers.walrus("ts = db.time_series('ts', 's')")
        // 2026-07-01T12:00:00Z (`date -u -d 2026-07-01T12:00 +%s`).
        let noon = Date(timeIntervalSince1970: 1_782_907_200)
        #expect(try await series["s"].add(["by": "us"], at: noon) == "1782907200000-0")
        try await peers.walrus("ts.s.add({'by': 'walrus'}, datetime(2026, 7, 1, 12, tzinfo=utc))")
        #expect(try await series["s"][...].entries().map(\.id) == ["1782907200000-0", "1782921600000-0"])
        await peers.redis.close()
    }

    @Test func `a merged reading is in the order of numbers here, and of text in walrus`() async throws {
        let peers = try await Peers.start()
        for stream in ["s1", "s2"] {
            for id in ["9-0", "10-0", "10-9", "10-10"] as [EntryID] {
                try await peers.redis.stream(stream).add(["n": 1], id: id)
            }
        }
        let series = peers.redis.timeSeries("ours", of: ["s1", "s2"])
        try await series.create()
        #expect(
            try await series.read().map(\.id)
                == ["9-0", "9-0", "10-0", "10-0", "10-9", "10-9", "10-10", "10-10"])
        try await peers.walrus("ts = db.time_series('theirs', ['s1', 's2'])")
        try await peers.walrus("ts.create()")
        #expect(
            try await peers.walrus("[m.message_id for m in ts.read()]")
                == ["10-0", "10-0", "10-10", "10-10", "10-9", "10-9", "9-0", "9-0"])
        await peers.redis.close()
    }

    @Test func `contains finds an id here, and never in walrus`() async throws {
        let peers = try await Peers.start()
        let id = try await peers.redis.stream("s").add(["n": 1])
        #expect(try await peers.redis.stream("s").contains(id))
        #expect(try await peers.redis.stream("s").contains("1-0") == false)
        #expect(try await peers.walrus("'\(id)' in db.Stream('s')") == 0)
        #expect(try await peers.walrus("b'\(id)' in db.Stream('s')") == 0)
        await peers.redis.close()
    }

    @Test func `a date at the end of a range is its whole millisecond here, and the first id of it in walrus`()
        async throws
    {
        let peers = try await Peers.start()
        let series = peers.redis.timeSeries("ts", of: ["s"])
        let date = Date(timeIntervalSince1970: 1_514_764_800)
        try await series["s"].add(["n": 0], at: date)
        try await series["s"].add(["n": 1], at: date)
        #expect(try await series["s"][...date].entries().map(\.id.sequence) == [0, 1])
        try await peers.walrus("ts = db.time_series('ts', 's')")
        #expect(try await peers.walrus("[m.sequence for m in ts.s[:datetime(2018, 1, 1)]]") == [0])
        await peers.redis.close()
    }

    @Test func `a stream that a group is made on is untouched here, and has had an entry 0-1 in walrus`() async throws {
        let peers = try await Peers.start()
        try await peers.redis.consumerGroup("cg", of: ["ours"]).create()
        try await peers.walrus("db.consumer_group('cg', 'theirs').create()")
        func lastID(_ stream: String) async throws -> EntryID { try await peers.redis.stream(stream).info().lastID }
        #expect(try await lastID("ours") == .zero)
        #expect(try await lastID("theirs") == "0-1")
        #expect(try await peers.redis.stream("theirs").count == 0)
        // So the lowest of all ids is free here only.
        #expect(try await peers.redis.stream("ours").add(["n": 1], id: "0-1") == "0-1")
        await #expect(throws: Redis.Failure.self) { try await peers.redis.stream("theirs").add(["n": 1], id: "0-1") }
        await peers.redis.close()
    }

    @Test func `all fields of one name are kept here, and the last in walrus`() async throws {
        let peers = try await Peers.start()
        let id = try await peers.redis.stream("s").add(["tag": "a", "n": 1, "tag": "b"])
        #expect(try await peers.redis.stream("s")[id]?.fields == ["tag": "a", "n": 1, "tag": "b"])
        #expect(try await peers.walrus("db.Stream('s').range()[0][1]") == [["tag", "b"], ["n", "1"]])
        await peers.redis.close()
    }

    @Test func `a series of bytes that are no text is read here, and stuck in walrus`() async throws {
        let peers = try await Peers.start()
        let series = peers.redis.timeSeries("ts", of: ["s"])
        try await series.create()
        let id = try await series["s"].add(["data": [0xFF, 0x00] as [UInt8]])
        try await peers.walrus("ts = db.time_series('ts', 's')")
        #expect(try await peers.walrus.failure(of: "ts.read()")?.hasPrefix("UnicodeDecodeError") == true)
        // It was delivered all the same. The consumer's name is the same for both, so here it is read after all.
        #expect(try await series.read() == [])
        #expect(
            try await series["s"].readPending().entries == [
                StreamEntry(id: id, fields: ["data": [0xFF, 0x00] as [UInt8]])
            ])
        await peers.redis.close()
    }

    @Test func `a consumer with pending entries is kept here, and removed with them in walrus`() async throws {
        let peers = try await Peers.start()
        let group = peers.redis.consumerGroup("cg", of: ["s"])
        try await group.create()
        try await group["s"].add(["n": 1])
        _ = try await group.read()
        #expect(try await group["s"].removeConsumer() == .refused(pending: 1))
        #expect(try await group["s"].pending().count == 1)
        #expect(try await peers.walrus("db.consumer_group('cg', 's').s.delete_consumer()") == 1)
        #expect(try await group["s"].pending() == [])
        #expect(try await group.read() == [])
        await peers.redis.close()
    }
}
