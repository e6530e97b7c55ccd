import Foundation
import RedisStreams
import TestSupport
import TestThreads
import Testing

/// Time series that walrus 0.9.8 (TZ=UTC) and this library address by date together.
@Suite(.waiting, .timeLimit(.minutes(1))) struct InteropTimeSeriesTests {
    /// 2018-01-01T00:00:00Z is 1514764800 (`date -u -d 2018-01-01 +%s`).
    private func day(_ day: Int) -> Date { Date(timeIntervalSince1970: 1_514_764_800 + Double(day - 1) * 86_400) }

    @Test(arguments: ServerChoice.allCases)
    func `what either adds at a date, both find by date and read in the order of time`(server: ServerChoice)
        async throws
    {
        let peers = try await Peers.start(server)
        let walrus = peers.walrus
        let series = peers.redis.timeSeries("ts", of: ["s1", "s2"])
        try await walrus("ts = db.time_series('ts', ['s1', 's2'])")
        try await walrus("ts.create()")
        for day in 1...10 {
            // Odd days are walrus', even days are ours.
            let added = "ts.s1.add({'day': \(day)}, datetime(2018, 1, \(day)))"
            if day.isMultiple(of: 2) {
                try await series["s1"].add(["day": day], at: self.day(day))
            } else {
                #expect(try await walrus(added) == [.integer(Int64(self.day(day).timeIntervalSince1970) * 1000), 0])
            }
            if day > 5 { try await walrus("ts.s2.add({'day': \(day)}, datetime(2018, 1, \(day)))") }
        }
        #expect(try await series["s1"][...].entries().map(\.id.date) == (1...10).map(day))

        let span = try await series["s1"][day(2)...day(4)].entries()
        #expect(span.map { $0["day"] } == ["2", "3", "4"])
        #expect(try await walrus("ts.s1[datetime(2018, 1, 2):datetime(2018, 1, 4)]") == messages("s1", span))
        let three = try await series["s1"][day(2)...].prefix(3).entries()
        #expect(try await walrus("ts.s1[datetime(2018, 1, 2)::3]") == messages("s1", three))
        #expect(try await walrus("ts.s1[datetime(2018, 1, 6)].data['day']") == "6")

        // Merged: what walrus reads first, then what is left for us, from one group.
        let all = try await series.messages(EntryInterval.all)
        let theirs = try await walrus("ts.read(count=4)").elements
        let ours = try await series.read().map(\.likeWalrus)
        #expect(theirs.count == 8 && ours.count == 7)
        let read = ["s1": day(4), "s2": day(9)]
        #expect(.array(theirs) == all.filter { $0.date <= read[$0.stream] ?? .distantPast }.likeWalrus)
        #expect(.array(ours) == all.filter { $0.date > read[$0.stream] ?? .distantPast }.likeWalrus)

        // Pending ids as dates, for both.
        let pending = try await series["s1"].pending(day(2)...day(4))
        #expect(pending.map(\.id.date) == [day(2), day(3), day(4)])
        #expect(
            try await walrus(
                "[(*id, who, n) for id, who, _, n in ts.s1.pending(datetime(2018, 1, 2), datetime(2018, 1, 4))]")
                == .array(pending.map { [.integer(Int64($0.id.milliseconds)), 0, "ts.c1", 1] }))
        #expect(try await walrus("ts.s1.ack(datetime(2018, 1, 2), (datetime(2018, 1, 3), 0))") == 2)
        #expect(try await series["s1"].pending(day(2)...day(4)).map(\.id.date) == [day(4)])

        // Either moves the group to a date.
        try await walrus("ts.set_id(datetime(2018, 1, 8))")
        #expect(try await series.read().map(\.date) == [day(9), day(9), day(10), day(10)])
        try await series.setID(day(9))
        #expect(
            try await walrus("[(m.stream, m.timestamp) for m in ts.read()]")
                == .array(["s1", "s2"].map { [$0, .integer(Int64(day(10).timeIntervalSince1970) * 1000)] }))
        await peers.redis.close()
    }

    @Test func `every millisecond and sequence number is the same for both`() async throws {
        let peers = try await Peers.start()
        let walrus = peers.walrus
        let series = peers.redis.timeSeries("ts", of: ["s"])
        try await walrus("ts = db.time_series('ts', 's')")
        // All thousand: a date is a binary fraction, for both.
        for millisecond in 0..<1000 {
            let date = Date(timeIntervalSince1970: 1_514_764_800 + Double(millisecond) / 1000)
            #expect(EntryID(date).milliseconds == 1_514_764_800_000 + UInt64(millisecond))
        }
        try await walrus("[ts.s.add({'n': n}, datetime(2018, 1, 1, 0, 0, 0, n * 1000)) for n in range(0, 1000, 7)]")
        for entry in try await series["s"][...].entries() {
            let n = try #require(entry.fields.integer("n"))
            #expect(entry.id.date == Date(timeIntervalSince1970: 1_514_764_800 + Double(n) / 1000))
        }
        let date = day(2) + 0.123
        try await walrus("ts.s.add({'n': 'a'}, (datetime(2018, 1, 2, 0, 0, 0, 123999), 4))")
        #expect(try await series["s"].add(["n": "b"], at: date) == EntryID(date, sequence: 5))
        #expect(try await walrus("ts.s[(datetime(2018, 1, 2, 0, 0, 0, 123000), 5)].data['n']") == "b")
        #expect(try await series["s"][EntryID(date, sequence: 4)]?["n"] == "a")
        await peers.redis.close()
    }

    private func messages(_ stream: String, _ entries: [StreamEntry]) -> RedisReply {
        StreamBatch(stream: stream, entries: entries).messages.likeWalrus
    }
}
