import Foundation
import RedisStreams
import TestSupport
import Testing

/// Options of the commands, against real servers; what a server lacks is told with the version that has it.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct LiveOptionsTests {
    private func id(_ number: UInt64) -> EntryID { EntryID(milliseconds: number) }

    /// Entries 1-0, 2-0, … in "s", and a group "g" that has read `delivered` of them.
    private func filled(_ count: Int, delivered: Int = 0) async throws -> (LiveRedis, Redis.Stream, GroupStream) {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        for number in 1...count { try await stream.add(["n": number], id: id(UInt64(number))) }
        let group = live.redis.consumerGroup("g", of: ["s"], consumer: "a")
        try await group.create()
        if delivered > 0 { try await group.read(count: delivered) }
        return (live, stream, group["s"])
    }

    private var has82: Bool { ServerChoice.current == .redis8 }
    private var isOld: Bool { ServerChoice.current == .redis }

    /// Fails as a server does that is too old, with both versions in the text.
    private func expectUnsupported(
        _ option: String, _ version: String = "8.2", _ body: () async throws(Redis.Failure) -> Void
    ) async {
        do {
            try await body()
            Issue.record("taken")
        } catch {
            let server = ServerChoice.current == .valkey ? "Valkey" : "Redis"
            #expect(error.kind == .unsupported && error.serverError != nil && !error.mayHaveRun)
            #expect(error.description.contains("\(option) needs Redis \(version)".trimmingPrefix(" ")), "\(error)")
            #expect(error.description.contains("; the server is \(server) "), "\(error)")
        }
    }

    @Test func `an entry is added to a stream that is there only`() async throws {
        let (live, stream, _) = try await filled(1)
        #expect(try await live.redis.stream("none").addIfExists(["n": 1]) == nil)
        #expect(try await live.redis.stream("none").exists == false)
        #expect(try await stream.addIfExists(["n": 2], id: id(2)) == id(2))
        try await stream.add(["c": "3", "a": "1"] as [String: String], id: id(3))
        #expect(try await stream[id(3)]?.fields == ["a": "1", "c": "3"])
        await live.redis.close()
    }

    @Test func `trimming with a limit, and with an eye on references`() async throws {
        let (live, stream, group) = try await filled(6, delivered: 3)
        #expect(try await stream.trim(.length(1, limit: 1)) == 0)
        guard has82 else {
            await expectUnsupported("ACKED") { () async throws(Redis.Failure) in
                try await stream.trim(.length(1, exact: true, references: .onlyAcknowledged))
            }
            await expectUnsupported("DELREF") { () async throws(Redis.Failure) in
                try await stream.add(["n": 7], trimming: .length(1, exact: true, references: .delete))
            }
            do {
                try await stream.add(contentsOf: [["n": 7]], trimming: .length(1, references: .keep))
                Issue.record("added")
            } catch {
                #expect(error.failure?.kind == .unsupported && error.outcomes == [.notAdded])
            }
            await live.redis.close()
            return
        }
        #expect(try await stream.trim(.length(1, exact: true, references: .onlyAcknowledged)) == 0)
        #expect(try await group.acknowledge(id(1)) == 1)
        #expect(try await stream.trim(.length(1, exact: true, references: .onlyAcknowledged)) == 1)
        #expect(try await stream.trim(.length(4, exact: true, references: .delete)) == 1)
        #expect(try await group.pending().map(\.id) == [id(3)])
        #expect(try await stream.trim(.length(3, exact: true, references: .keep)) == 1)
        #expect(try await group.pending().map(\.id) == [id(3)])
        await live.redis.close()
    }

    @Test func `deleting with an eye on references`() async throws {
        let (live, stream, group) = try await filled(5, delivered: 3)
        let other = live.redis.consumerGroup("h", of: ["s"])
        try await other.create()
        try await other.read(count: 3)
        guard has82 else {
            await expectUnsupported("XDELEX:") { () async throws(Redis.Failure) in
                try await stream.delete([id(1)], references: .keep)
            }
            await expectUnsupported("XACKDEL:") { () async throws(Redis.Failure) in
                try await group.acknowledgeAndDelete([id(1)])
            }
            await live.redis.close()
            return
        }
        // An id above what a group has read is still to be read, whether there is an entry or not (Redis 8.2.3).
        #expect(try await stream.delete([id(9)], references: .onlyAcknowledged) == [.stillReferenced])
        #expect(
            try await stream.delete(
                [id(1), id(5), EntryID(milliseconds: 0, sequence: 5)], references: .onlyAcknowledged)
                == [.stillReferenced, .stillReferenced, .notFound])
        #expect(
            try await group.acknowledgeAndDelete([id(1), id(4)], references: .onlyAcknowledged)
                == [.stillReferenced, .notFound])
        #expect(try await other["s"].acknowledgeAndDelete([id(1)], references: .onlyAcknowledged) == [.deleted])
        #expect(try await group.acknowledgeAndDelete([id(2)]) == [.deleted])
        #expect(try await other["s"].pending().map(\.id) == [id(2), id(3)])
        #expect(try await stream.delete([id(3)], references: .delete) == [.deleted])
        #expect(try await other["s"].pending().map(\.id) == [id(2)])
        #expect(try await stream.delete([], references: .keep) == [])
        #expect(try await stream[...].entries().map(\.id) == [id(4), id(5)])
        await live.redis.close()
    }

    @Test func `a read that settles leaves nothing pending`() async throws {
        let (live, _, group) = try await filled(3)
        #expect(try await group.readAcknowledged(count: 2).map(\.id) == [id(1), id(2)])
        #expect(try await group.readAcknowledged(waiting: .milliseconds(10)).map(\.id) == [id(3)])
        #expect(try await group.readAcknowledged(count: 0) == [])
        #expect(try await group.pending() == [])
        await live.redis.close()
    }

    /// Redis 8.4 has it; none of these servers is so new.
    @Test func `a read that claims is refused by older servers, with the version`() async throws {
        let (live, _, _) = try await filled(1)
        let group = live.redis.consumerGroup("g", of: ["s"])
        await expectUnsupported("CLAIM", "8.4") { () async throws(Redis.Failure) in
            try await group.readClaiming(minimumIdle: .seconds(60))
        }
        await expectUnsupported("CLAIM", "8.4") { () async throws(Redis.Failure) in
            try await group.readClaiming(minimumIdle: .seconds(60), waiting: .seconds(5))
        }
        await live.redis.close()
    }

    @Test func `claims write what they are told`() async throws {
        let (live, stream, group) = try await filled(4, delivered: 2)
        let second = live.redis.consumerGroup("g", of: ["s"], consumer: "b")["s"]
        #expect(try await second.claimIDs([id(1), id(9)]) == [id(1)])
        var rows = try await group.pending()
        #expect(rows.map(\.consumer) == ["b", "a"] && rows.map(\.deliveryCount) == [1, 1])
        let options = ClaimOptions(lastDelivery: .ago(.seconds(3600)), deliveryCount: 7)
        #expect(try await second.claim([id(1), id(2)], options: options).map(\.id) == [id(1), id(2)])
        rows = try await group.pending()
        #expect(rows.map(\.deliveryCount) == [7, 7] && rows.allSatisfy { $0.idle >= .seconds(3600) })
        #expect(try await group.pending(minimumIdle: .seconds(3000)).count == 2)
        let past = ClaimOptions(lastDelivery: .at(Date(timeIntervalSinceNow: -7200)), deliveryCount: .max)
        #expect(try await second.claimIDs([id(1)], options: past) == [id(1)])
        rows = try await group.pending(consumer: "b")
        #expect(rows[0].idle >= .seconds(7100) && rows[0].deliveryCount > 1_000_000)
        // Not pending: not claimed, unless that is asked for.
        #expect(try await group.claim([id(3)]) == [])
        #expect(try await group.claim([id(3)], options: ClaimOptions(includesNotPending: true)).map(\.id) == [id(3)])
        #expect(try await group.claim([], options: options) == [])
        #expect(try await stream.delete(id(2)) == 1)
        let claimed = try await group.autoclaimIDs(minimumIdle: .zero)
        #expect(claimed.ids == [id(1), id(3)] && claimed.deleted == [id(2)] && claimed.next == nil)
        let few = try await group.autoclaimIDs(minimumIdle: .zero, count: 1)
        #expect(few.ids == [id(1)] && few.next == id(3))
        #expect(try await group.pending().map(\.consumer) == ["a", "a"])
        await live.redis.close()
    }

    @Test func `consumers are made, and a group knows how far it is`() async throws {
        let (live, stream, group) = try await filled(5)
        #expect(try await group.createConsumer())
        #expect(try await group.createConsumer("b"))
        #expect(try await group.createConsumer("b") == false)
        #expect(try await group.consumers().map(\.name).sorted() == ["a", "b"])
        let later = live.redis.consumerGroup("later", of: ["s"])["s"]
        #expect(try await later.create(from: .after(id(3)), entriesRead: 3))
        #expect(try await later.create(from: .after(id(3)), entriesRead: 3) == false)
        var info = try await later.info()
        #expect(info?.entriesRead == 3 && info?.lag == 2)
        try await later.setID(.after(id(4)), entriesRead: 4)
        info = try await later.info()
        #expect(info?.entriesRead == 4 && info?.lag == 1 && info?.lastDelivered == id(4))
        #expect(try await stream.groups().map(\.name) == ["g", "later"])
        await live.redis.close()
    }

    @Test func `all that the server tells of a stream`() async throws {
        let (live, stream, group) = try await filled(5, delivered: 3)
        try await stream.delete(id(2))
        try await group.acknowledge(id(1))
        let info = try await stream.info()
        #expect(info.length == 4 && info.lastID == id(5) && info.groupCount == 1)
        #expect(info.firstEntry == StreamEntry(id: id(1), fields: ["n": 1]) && info.firstID == id(1))
        #expect(info.lastEntry == StreamEntry(id: id(5), fields: ["n": 5]))
        #expect(info.maximumDeletedID == id(2) && info.entriesAdded == 5 && info.recordedFirstID == id(1))
        #expect((info.radixTreeKeys ?? 0) > 0 && (info.radixTreeNodes ?? 0) > 0)

        let full = try await stream.fullInfo(count: 2)
        #expect(full.length == 4 && full.lastID == id(5) && full.entries.map(\.id) == [id(1), id(3)])
        #expect(full.entriesAdded == 5 && full.maximumDeletedID == id(2) && full.groups.count == 1)
        let read = try #require(full.groups.first)
        #expect(read.name == "g" && read.lastDelivered == id(3) && read.pendingCount == 2)
        #expect(read.pending.map(\.id) == [id(2), id(3)] && read.pending.map(\.consumer) == ["a", "a"])
        let consumer = try #require(read.consumers.first)
        #expect(consumer.name == "a" && consumer.pendingCount == 2 && consumer.pending == read.pending)
        #expect(abs(consumer.seenAt.timeIntervalSinceNow) < 60 && (consumer.activeAt == nil) == isOld)
        #expect(consumer.pending.allSatisfy { abs($0.deliveredAt.timeIntervalSinceNow) < 60 && $0.deliveryCount == 1 })
        #expect(try await stream.fullInfo(count: 0).entries.count == 4)

        let consumers = try await group.consumers()
        #expect(consumers.count == 1 && (consumers[0].inactive == nil) == isOld)
        do {
            _ = try await live.redis.stream("none").fullInfo()
            Issue.record("told")
        } catch {
            #expect(error.kind == .noStream)
        }
        await live.redis.close()
    }

    @Test func `a stream as a key: it expires, is cleared, and is removed`() async throws {
        let (live, stream, group) = try await filled(3, delivered: 2)
        #expect(try await stream.exists)
        #expect(try await stream.timeToLive == nil)
        #expect(try await stream.expire(after: .seconds(100)))
        let left = try #require(try await stream.timeToLive)
        #expect(left > .seconds(50) && left <= .seconds(100))
        #expect(try await stream.expire(at: Date(timeIntervalSinceNow: 1000)))
        let longer = try #require(try await stream.timeToLive)
        #expect(longer > .seconds(500))
        #expect(try await stream.persist())
        #expect(try await stream.timeToLive == nil)
        #expect(try await stream.persist() == false)
        // Entries go; the group and what is pending stay, and ids go on.
        #expect(try await stream.clear() == 3)
        #expect(try await stream.exists)
        #expect(try await stream.count == 0)
        #expect(try await stream.info().lastID == id(3))
        #expect(try await group.pending().count == 2)
        #expect(try await stream.remove())
        #expect(try await stream.remove() == false)
        #expect(try await stream.exists == false)
        #expect(try await stream.clear() == 0)
        #expect(try await stream.expire(after: .seconds(1)) == false)
        #expect(try await stream.timeToLive == nil)
        try await stream.add(["n": 1])
        #expect(try await stream.groups() == [])
        #expect(try await stream.expire(after: .seconds(-1)))
        #expect(try await stream.exists == false)
        _ = try await live.redis.send("SET", "text", "x")
        #expect(try await live.redis.stream("text").exists == false)
        await live.redis.close()
    }

    @Test func `an empty range sends nothing`() async throws {
        let (live, stream, group) = try await filled(3, delivered: 3)
        let probe = try live.server.probe()
        let before = try probe.command("INFO", "commandstats").text
        #expect(try await stream[id(3)...id(1)].entries() == [])
        #expect(try await stream[id(3)...id(1)].reversed().entries() == [])
        #expect(try await stream[id(2)..<id(2)].first == nil)
        #expect(try await group.pending(id(3)...id(1)) == [])
        #expect(try await stream[Date(timeIntervalSince1970: 2)...Date(timeIntervalSince1970: 1)].entries() == [])
        for try await entry in stream[id(3)...id(1)] { Issue.record("\(entry)") }
        let after = try probe.command("INFO", "commandstats").text
        func calls(_ text: String?) -> [Substring] {
            (text ?? "").split(separator: "\r\n").filter { $0.hasPrefix("cmdstat_x") }
        }
        #expect(calls(before) == calls(after) && !calls(after).isEmpty)
        await live.redis.close()
    }
}
