import RedisStreams
import TestSupport
import TestThreads
import Testing

/// Consumer groups that walrus 0.9.8 and this library work on together.
@Suite(.waiting, .timeLimit(.minutes(1))) struct InteropGroupTests {
    private func fill(_ peers: Peers, _ streams: [String], count: Int) async throws {
        for stream in streams {
            for number in 1...count {
                try await peers.redis.stream(stream).add(["n": number], id: EntryID(milliseconds: UInt64(number)))
            }
        }
    }

    @Test(arguments: ServerChoice.allCases)
    func `what either reads and leaves pending, both see alike`(server: ServerChoice) async throws {
        let peers = try await Peers.start(server)
        let walrus = peers.walrus
        try await fill(peers, ["a", "b"], count: 5)
        let group = peers.redis.consumerGroup("cg", of: ["a", "b"])
        try await walrus("cg = db.consumer_group('cg', ['a', 'b'])")

        // Either makes it, and the other finds it.
        #expect(try await walrus("cg.create()") == [["a", 1], ["b", 1]])
        #expect(try await group.create() == ["a": false, "b": false])
        #expect(try await group.destroy() == ["a": true, "b": true])
        try await group.create()
        #expect(try await walrus("cg.create()") == [["a", 0], ["b", 0]])

        // The same name for who reads, though neither was told one.
        #expect(try await walrus("cg.read(count=2)") == [["a", [one, two]], ["b", [one, two]]])
        #expect(try await group.read(count: 1).likeWalrus == [["a", [three]], ["b", [three]]])
        #expect(try await walrus("cg.a.read(count=1)") == [four])
        #expect(try await group.consumer("c2")["a"].read().likeWalrus == [five])
        #expect(try await walrus("cg.a.read()") == [])

        let pending = try await group["a"].pending()
        #expect(
            pending.likeWalrus == [
                ["1-0", "cg.c1", 1], ["2-0", "cg.c1", 1], ["3-0", "cg.c1", 1], ["4-0", "cg.c1", 1], ["5-0", "c2", 1],
            ])
        #expect(try await peers.pendingByWalrus("cg.a") == pending.likeWalrus)
        let summary = try await group["a"].pendingSummary()
        #expect(summary.consumers == ["cg.c1": 4, "c2": 1] && summary.lowest == "1-0" && summary.highest == "5-0")
        #expect(try await walrus("db.xpending_summary('a', 'cg')['pending']") == 5)
        #expect(
            try await walrus("[p['message_id'] for p in cg.a.pending('2-0', '9-0', consumer='cg.c1')]")
                == group["a"].pending(EntryID("2-0")...EntryID("9-0"), consumer: "cg.c1").map(\.id).likeWalrus)

        // A read of what is pending counts for both.
        #expect(try await group["a"].readPending(count: 1).entries.likeWalrus == [one])
        #expect(try await walrus("cg.a.read(count=1, last_id='1-0')") == [two])
        #expect(try await group["a"].pending(count: 2).map(\.deliveryCount) == [2, 2])
        #expect(try await peers.pendingByWalrus("cg.a") == group["a"].pending().likeWalrus)

        // What either has acknowledged is settled for the other.
        #expect(try await walrus("cg.a.ack('1-0', '2-0')") == 2)
        #expect(try await group["a"].acknowledge("2-0", "3-0") == 1)
        #expect(try await walrus("cg.a.ack('3-0')") == 0)
        #expect(try await group["a"].pending().map(\.id) == ["4-0", "5-0"])
        #expect(try await walrus("sorted(c['name'] for c in cg.a.consumers_info())") == ["c2", "cg.c1"])
        #expect(try await group["a"].consumers().map(\.name).sorted() == ["c2", "cg.c1"])
        await peers.redis.close()
    }

    @Test(arguments: ServerChoice.allCases)
    func `an age is the same for both, and a claim by either resets it and counts`(server: ServerChoice) async throws {
        let peers = try await Peers.start(server)
        let walrus = peers.walrus
        try await fill(peers, ["s"], count: 2)
        let group = peers.redis.consumerGroup("cg", of: ["s"])
        try await walrus("cg = db.consumer_group('cg', 's')")
        try await walrus("cg.create()")
        try await walrus("cg.read()")
        let started = ContinuousClock.now
        try await peers.age(group["s"], "cg")
        let age = try await group["s"].pending()[0].idle
        let ageByWalrus = try #require(
            try await walrus("cg.s.pending()[0]['time_since_delivered']").integer)
        // A look that comes later finds it older, by no more than has gone by.
        #expect(age >= .seconds(60) && age <= .milliseconds(ageByWalrus))
        #expect(Duration.milliseconds(ageByWalrus) <= .seconds(60) + (.now - started) + .milliseconds(1))

        // Not for so long: nothing is claimed.
        #expect(try await walrus("cg.consumer('c2').s.claim('1-0', min_idle_time=600000)") == [])
        #expect(try await group.consumer("c3")["s"].claim("2-0", minimumIdle: .seconds(600)) == [])
        #expect(try await walrus("cg.consumer('c2').s.claim('1-0', min_idle_time=60000)") == [one])
        #expect(try await group.consumer("c3")["s"].claim("2-0", minimumIdle: .seconds(60)).likeWalrus == [two])

        let claimed = try await group["s"].pending()
        #expect(claimed.likeWalrus == [["1-0", "c2", 2], ["2-0", "c3", 2]])
        #expect(claimed.allSatisfy { $0.idle < .seconds(60) })
        #expect(try await peers.pendingByWalrus("cg.s") == claimed.likeWalrus)
        #expect(try await walrus("[p['time_since_delivered'] < 60000 for p in cg.s.pending()]") == [1, 1])
        #expect(try await walrus("cg.s.pending(idle=60000)") == [])
        #expect(try await group["s"].pending(minimumIdle: .seconds(60)) == [])
        await peers.redis.close()
    }

    @Test(arguments: ServerChoice.allCases)
    func `what is deleted and still pending, both find and take over alike`(server: ServerChoice) async throws {
        let peers = try await Peers.start(server)
        let walrus = peers.walrus
        try await fill(peers, ["s"], count: 4)
        let group = peers.redis.consumerGroup("cg", of: ["s"])
        try await walrus("cg = db.consumer_group('cg', 's')")
        try await group.create()
        _ = try await group.read()
        try await walrus("cg.s.delete('1-0')")
        try await group["s"].stream.delete("3-0")

        #expect(try await walrus("cg.s.read(last_id='0-0')") == [["1-0", []], two, ["3-0", []], four])
        let pending = try await group["s"].readPending()
        #expect(pending.deleted == ["1-0", "3-0"] && pending.entries.likeWalrus == [two, four])
        #expect(try await walrus("cg.s.autoclaim('c2', 0, count=2)") == ["3-0", [two], ["1-0"]])
        let claimed = try await group.consumer("c3")["s"].autoclaim(minimumIdle: .zero, from: "3-0")
        #expect(claimed.entries.likeWalrus == [four] && claimed.deleted == ["3-0"] && claimed.next == nil)
        #expect(try await peers.pendingByWalrus("cg.s") == [["2-0", "c2", 4], ["4-0", "c3", 4]])
        await peers.redis.close()
    }

    @Test(arguments: ServerChoice.allCases)
    func `either moves the group, and the other reads from there`(server: ServerChoice) async throws {
        let peers = try await Peers.start(server)
        let walrus = peers.walrus
        try await fill(peers, ["a", "b"], count: 5)
        let group = peers.redis.consumerGroup("cg", of: ["a", "b"])
        try await walrus("cg = db.consumer_group('cg', ['a', 'b'])")
        try await group.create(from: .latest)
        func position() async throws -> [EntryID?] {
            [try await group["a"].info()?.lastDelivered, try await group["b"].info()?.lastDelivered]
        }
        #expect(try await position() == ["5-0", "5-0"])

        #expect(try await walrus("cg.set_id('3-0')") == [["a", 1], ["b", 1]])
        #expect(try await position() == ["3-0", "3-0"])
        #expect(try await group.read().likeWalrus == [["a", [four, five]], ["b", [four, five]]])
        try await group.setID(.after("4-0"))
        #expect(try await walrus("cg.read()") == [["a", [five]], ["b", [five]]])
        try await group.reset()
        #expect(try await walrus("[len(e) for _, e in cg.read()]") == [5, 5])
        try await walrus("cg.reset()")
        #expect(try await position() == [.zero, .zero])
        #expect(try await group.read().map(\.entries.count) == [5, 5])

        // The entries stay when the group goes.
        #expect(try await walrus("cg.destroy()") == [["a", 1], ["b", 1]])
        #expect(try await group.destroy() == ["a": false, "b": false])
        #expect(try await peers.redis.stream("a").count == 5)
        await peers.redis.close()
    }

    private let one: RedisReply = ["1-0", [["n", "1"]]]
    private let two: RedisReply = ["2-0", [["n", "2"]]]
    private let three: RedisReply = ["3-0", [["n", "3"]]]
    private let four: RedisReply = ["4-0", [["n", "4"]]]
    private let five: RedisReply = ["5-0", [["n", "5"]]]
}
