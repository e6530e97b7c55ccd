import FootbridgeRESP
import FootbridgeRedis
import Testing

@testable import RedisStreams

/// Replies as Redis 7.0.15, Redis 8.2.3 and Valkey 8.1.8 send them: maps in RESP3, flat arrays in RESP2.
struct InfoRepliesTests {
    private let pending = StreamCommand.pending(stream: "s", group: "g", count: 10)
    private let groups = StreamCommand.groups(of: "s")
    private let consumers = StreamCommand.consumers(of: "g", stream: "s")

    @Test func `XPENDING brings a row for each entry`() throws {
        let wire = array(
            array(bulk("1-0"), bulk("A"), ":123\r\n", ":4\r\n"), array(bulk("2-0"), bulk("é"), ":0\r\n", ":0\r\n"))
        let rows = try pending.answer(wire).get()
        #expect(rows.map(\.id) == ["1-0", "2-0"])
        #expect(rows.map(\.consumer) == ["A", "é"])
        #expect(rows.map(\.idle) == [.milliseconds(123), .zero])
        #expect(rows.map(\.deliveryCount) == [4, 0])
        #expect(try pending.answer("*0\r\n") == .success([]))
    }

    /// A clock that jumped, and a count that was driven beyond its end (XCLAIM RETRYCOUNT 9223372036854775807).
    @Test func `hostile numbers do no harm`() throws {
        let rows = try pending.answer(
            array(array(bulk("1-0"), bulk("A"), ":-5\r\n", ":-9223372036854775808\r\n"))
        ).get()
        #expect(rows.map(\.idle) == [.zero])
        #expect(rows.map(\.deliveryCount) == [Int.min])
        let long = try pending.answer(
            array(array(bulk("1-0"), bulk("A"), ":9223372036854775807\r\n", ":1\r\n"))
        ).get()
        #expect(long.map(\.idle) == [.milliseconds(Int64.max)])
    }

    @Test(arguments: [
        "_\r\n", ":1\r\n", array(array(bulk("1-0"), bulk("A"), ":1\r\n")), array(bulk("1-0")),
        array(array(bulk("x"), bulk("A"), ":1\r\n", ":1\r\n")), array(array(bulk("1-0"), ":1\r\n", ":1\r\n", ":1\r\n")),
        array(":0\r\n", "_\r\n", "_\r\n", "_\r\n"),
    ])
    func `rows of another shape are an error of the reply`(wire: String) throws {
        #expect(throws: RedisError.self) { try pending.answer(wire).get() }
    }

    private let group = [
        bulk("name"), bulk("g"), bulk("consumers"), ":2\r\n", bulk("pending"), ":3\r\n", bulk("last-delivered-id"),
        bulk("4-0"), bulk("entries-read"), ":4\r\n", bulk("lag"),
    ]

    @Test(
        arguments: [(":7\r\n", 7), (":0\r\n", 0), ("_\r\n", nil), ("$-1\r\n", nil), (":-90\r\n", 0)] as [(String, Int?)]
    )
    func `XINFO GROUPS, with a lag that may be unknown or negative`(lag: String, expected: Int?) throws {
        let info = GroupInfo(
            name: "g", consumerCount: 2, pendingCount: 3, lastDelivered: "4-0", lag: expected, entriesRead: 4)
        #expect(try groups.answer("*1\r\n*12\r\n" + group.joined() + lag) == .success([info]))
        #expect(try groups.answer("*1\r\n%6\r\n" + group.joined() + lag) == .success([info]))
    }

    @Test func `XINFO GROUPS of a stream without groups`() throws {
        #expect(try groups.answer("*0\r\n") == .success([]))
    }

    @Test(arguments: ["_\r\n", ":1\r\n", "*1\r\n:1\r\n", "*1\r\n%0\r\n", "*1\r\n" + map(bulk("name"), bulk("g"))])
    func `groups of another shape are an error of the reply`(wire: String) throws {
        #expect(throws: RedisError.self) { try groups.answer(wire).get() }
    }

    /// 7.0 has three pairs; 8.2 and Valkey add `inactive`, which is -1 for a consumer that was never active.
    @Test func `XINFO CONSUMERS`() throws {
        let old = [bulk("name"), bulk("web-1.1"), bulk("pending"), ":3\r\n", bulk("idle"), ":1500\r\n"].joined()
        let new = old + bulk("inactive") + ":-1\r\n"
        let info = ConsumerInfo(name: "web-1.1", pendingCount: 3, idle: .milliseconds(1500), inactive: nil)
        for wire in ["*1\r\n*6\r\n\(old)", "*1\r\n%3\r\n\(old)", "*1\r\n*8\r\n\(new)", "*1\r\n%4\r\n\(new)"] {
            #expect(try consumers.answer(wire) == .success([info]))
        }
        #expect(try consumers.answer("*0\r\n") == .success([]))
        #expect(throws: RedisError.self) { try consumers.answer("*1\r\n*0\r\n").get() }
    }

    /// One consumer with an odd name must not hide all others: the takeover looks at them here.
    @Test func `names that are not text do not spoil the reply`() throws {
        var decoder = RESPDecoder()
        func answer<Reply>(_ command: StreamCommand<Reply>, _ wire: String) throws -> Reply {
            let bytes = Array(wire.utf8).map { $0 == UInt8(ascii: "?") ? 0xff : $0 }
            bytes.withUnsafeBytes { decoder.append($0) }
            let value = try #require(try decoder.next())
            return try command.result(.success(value)).get()
        }
        let odd = map(bulk("name"), bulk("a?"), bulk("pending"), ":1\r\n", bulk("idle"), ":1\r\n")
        let even = map(bulk("name"), bulk("b"), bulk("pending"), ":2\r\n", bulk("idle"), ":2\r\n")
        #expect(try answer(consumers, array(odd, even)).map(\.pendingCount) == [1, 2])
        #expect(
            try answer(groups, "*1\r\n%6\r\n" + group.joined().replacing("$1\r\ng", with: "$1\r\n?") + "_\r\n").count
                == 1)
        #expect(try answer(pending, array(array(bulk("1-0"), bulk("?"), ":1\r\n", ":1\r\n"))).map(\.id) == ["1-0"])
    }

    @Test func `XINFO STREAM, in both protocols, of an empty stream and of old servers too`() throws {
        let pairs = [bulk("length"), ":2\r\n", bulk("last-generated-id"), bulk("9-1"), bulk("groups"), ":1\r\n"]
            .joined()
        let first = bulk("first-entry") + row("1-0", "f", "v")
        let none = bulk("first-entry") + "_\r\n"
        let newer = [bulk("max-deleted-entry-id"), bulk("8-0"), bulk("entries-added"), ":12\r\n"].joined()
        func info(_ first: StreamEntry?, _ deleted: EntryID? = nil, _ added: Int? = nil) -> StreamInfo {
            StreamInfo(
                length: 2, lastID: "9-1", groupCount: 1, firstEntry: first, lastEntry: nil, maximumDeletedID: deleted,
                entriesAdded: added, recordedFirstID: nil, radixTreeKeys: nil, radixTreeNodes: nil)
        }
        let command = StreamCommand.info("s")
        let entry = StreamEntry(id: "1-0", fields: ["f": "v"])
        #expect(try command.answer("%4\r\n" + pairs + first) == .success(info(entry)))
        #expect(try command.answer("*8\r\n" + pairs + none) == .success(info(nil)))
        #expect(try command.answer("%6\r\n" + pairs + newer + none) == .success(info(nil, "8-0", 12)))
        #expect(throws: RedisError.self) { try command.answer("%1\r\n" + bulk("length") + ":2\r\n").get() }
        #expect(throws: RedisError.self) { try command.answer("_\r\n").get() }
    }
}
