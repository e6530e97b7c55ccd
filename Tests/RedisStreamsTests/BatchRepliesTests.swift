import FootbridgeRESP
import FootbridgeRedis
import Testing

@testable import RedisStreams

/// Replies of reads over several streams, as Redis 7.0.15, Redis 8.2.3 and Valkey 8.1.8 send them.
struct BatchRepliesTests {
    private let read = StreamCommand.readPending("g", consumer: "c", positions: [("s", .zero), ("t", .zero)])

    private let batches = [
        StreamBatch(
            stream: "s", entries: [StreamEntry(id: "1-1", fields: EntryFields(["a": "1"]))], deleted: ["1-2"]),
        StreamBatch(stream: "t", entries: []),
    ]

    @Test func `RESP2 has pairs, RESP3 a map; fields are null where an entry is gone`() throws {
        let deleted = { (null: String) in array(bulk("1-2"), null) }
        #expect(
            try read.answer(
                array(
                    array(bulk("s"), array(row("1-1", "a", "1"), deleted("*-1\r\n"))), array(bulk("t"), array())))
                == .success(batches))
        #expect(
            try read.answer(
                map(bulk("s"), array(row("1-1", "a", "1"), deleted("_\r\n")), bulk("t"), array()))
                == .success(batches))
    }

    @Test(arguments: ["*-1\r\n", "_\r\n"])
    func `null is nothing`(wire: String) throws {
        #expect(try read.answer(wire) == .success([]))
    }

    @Test(arguments: [":1\r\n", array(bulk("s")), array(array(bulk("s"), bulk("x"))), map(bulk("s"), array(bulk("1")))])
    func `another shape is an error of the reply`(wire: String) throws {
        #expect(throws: RedisError.self) { try read.answer(wire).get() }
    }

    @Test func `messages of all streams are in the order of numbers, then of streams`() {
        func batch(_ stream: String, _ ids: EntryID...) -> StreamBatch {
            StreamBatch(stream: stream, entries: ids.map { StreamEntry(id: $0, fields: [:]) })
        }
        let merged = [batch("b", "9-0", "10-9", "10-10"), batch("a", "9-0", "10-0")].messages
        #expect(merged.map { "\($0.stream) \($0.id)" } == ["b 9-0", "a 9-0", "a 10-0", "b 10-9", "b 10-10"])
    }

    @Test func `XPENDING of nothing`() throws {
        let summary = StreamCommand.pendingSummary(stream: "s", group: "g")
        let none = PendingSummary(count: 0, lowest: nil, highest: nil, consumers: [:])
        #expect(try summary.answer(array(":0\r\n", "$-1\r\n", "$-1\r\n", "*-1\r\n")) == .success(none))
        let some = PendingSummary(count: 3, lowest: "1-0", highest: "3-0", consumers: ["A": 1, "B": 2])
        #expect(
            try summary.answer(
                array(
                    ":3\r\n", bulk("1-0"), bulk("3-0"),
                    array(array(bulk("A"), bulk("1")), array(bulk("B"), bulk("2"))))) == .success(some))
    }

    @Test func `XAUTOCLAIM of 6.2 does not tell what was deleted`() throws {
        let claim = StreamCommand.autoclaim(
            stream: "s", group: "g", consumer: "c", minimumIdle: .zero, from: .zero, count: 1)
        let entry = StreamEntry(id: "1-1", fields: EntryFields(["a": "1"]))
        #expect(
            try claim.answer(array(bulk("5-0"), array(row("1-1", "a", "1")), array(bulk("2-0"))))
                == .success(ClaimedEntries(entries: [entry], deleted: ["2-0"], next: "5-0")))
        #expect(
            try claim.answer(array(bulk("0-0"), array()))
                == .success(ClaimedEntries(entries: [], deleted: [], next: nil)))
    }
}
