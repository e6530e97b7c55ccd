import RedisStreams
import TestSupport
import TestThreads
import Testing

/// Streams that walrus 0.9.8 and this library use together.
@Suite(.waiting, .timeLimit(.minutes(1))) struct InteropStreamTests {
    @Test(arguments: ServerChoice.allCases)
    func `what either adds, both read alike`(server: ServerChoice) async throws {
        let peers = try await Peers.start(server)
        let (walrus, stream) = (peers.walrus, peers.redis.stream("s"))
        try await walrus("s = db.Stream('s')")

        let first = try await walrus("s.add({'text': 'grüße', 'integer': 7, 'float': 2.5, 'bytes': b'a\\x00b'})")
        let second = try await stream.add(["text": "grüße", "integer": 7, "float": 2.5, "bytes": "a\u{0}b"])
        try await walrus("s.add({'n': ''}, id='9999999999999-5')")
        try await stream.add(["n": ""], id: "9999999999999-18446744073709551615")

        let ours = try await stream[...].entries()
        #expect(try await walrus("s.range()") == ours.likeWalrus)
        #expect(ours.count == 4)
        #expect(ours[0].id.likeWalrus == first && ours[1].id == second)
        #expect(ours[0].fields == ours[1].fields)
        #expect(ours[2...].map(\.id) == ["9999999999999-5", "9999999999999-18446744073709551615"])
        await peers.redis.close()
    }

    @Test(arguments: ServerChoice.allCases)
    func `ranges, lengths, deletion and trimming agree`(server: ServerChoice) async throws {
        let peers = try await Peers.start(server)
        let (walrus, stream) = (peers.walrus, peers.redis.stream("s"))
        try await walrus("s = db.Stream('s')")
        for number in 1...6 { try await stream.add(["n": number], id: EntryID(milliseconds: UInt64(number))) }

        func same(_ ours: EntryRange, _ theirs: String, _ count: Int) async throws {
            let entries = try await ours.entries()
            #expect(entries.count == count, "\(theirs)")
            #expect(try await walrus(theirs) == entries.likeWalrus, "\(theirs)")
        }
        let (two, four): (EntryID, EntryID) = ("2-0", "4-0")
        try await same(stream[two...], "s['2-0':]", 5)
        try await same(stream[...two], "s[:'2-0']", 2)
        try await same(stream[two...four], "s['2-0':'4-0']", 3)
        try await same(stream[two...].prefix(2), "s['2-0'::2]", 2)
        try await same(stream[.after(two)], "s['(2-0':]", 4)
        try await same(stream[..<four], "s[:'(4-0']", 3)
        try await same(stream[...].reversed().prefix(2), "s.revrange(count=2)", 2)
        try await same(stream[...], "list(s)", 6)
        #expect(try await walrus("s['2-0']") == stream[two]?.likeWalrus)
        #expect(try await walrus("s['7-0']") == nil)
        #expect(try await stream["7-0"] == nil)

        #expect(try await walrus("len(s)") == 6)
        #expect(try await walrus("s.delete('1-0', '7-0')") == 1)
        #expect(try await stream.delete("2-0", "7-0") == 1)
        #expect(try await stream[...].entries().map(\.id) == ["3-0", "4-0", "5-0", "6-0"])
        #expect(try await walrus("s.trim(3, approximate=False)") == 1)
        #expect(try await stream.trim(before: EntryID("5-0"), .exact) == 1)
        #expect(try await walrus("[id for id, _ in s.range()]") == ["5-0", "6-0"])

        try await walrus("s.set_id('10-0')")
        #expect(try await stream.info().lastID == "10-0")
        try await stream.setID("20-0")
        #expect(try await walrus("s.info()['last-generated-id']") == "20-0")
        #expect(try await walrus.failure(of: "s.add({'n': 1}, id='20-0')")?.contains("equal or smaller") == true)
        await peers.redis.close()
    }

    @Test(arguments: ServerChoice.allCases)
    func `each waits for what the other adds`(server: ServerChoice) async throws {
        let peers = try await Peers.start(server)
        let (walrus, stream) = (peers.walrus, peers.redis.stream("s"))
        try await stream.add(["n": 1], id: "1-0")
        try await walrus("s = db.Stream('s')")

        async let ours = stream.read(after: .latest, waiting: .upTo(.seconds(20)))
        try await peers.live.waitUntilBlocked()
        try await walrus("s.add({'n': 2}, id='2-0')")
        let read = try await ours
        #expect(read.likeWalrus == [["2-0", [["n", "2"]]]])

        async let theirs = walrus("s.read(block=20000, last_id='$')")
        try await peers.live.waitUntilBlocked()
        try await stream.add(["n": 3], id: "3-0")
        #expect(try await theirs == [["3-0", [["n", "3"]]]])

        #expect(try await walrus("s.read(last_id='1-0', count=1)") == stream.read(after: "1-0", count: 1).likeWalrus)
        #expect(try await walrus("s.read()") == stream.read().likeWalrus)
        await peers.redis.close()
    }
}
