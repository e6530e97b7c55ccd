import FootbridgeRedis
import Testing

@testable import RedisStreams

/// Replies as Redis 7.0.15, Redis 8.2.3 and Valkey 8.1.8 send them, read off the wire.
struct EntryRepliesTests {
    private let read = StreamCommand.readGroup("g", consumer: "c", stream: "s1", count: 10, block: .seconds(5))
    private let rows = array(row("1-1", "a", "1", "a", ""), row("1-2", "", "x"))
    private let entries = [
        StreamEntry(id: "1-1", fields: EntryFields(["a": "1", "a": ""])),
        StreamEntry(id: "1-2", fields: EntryFields(["": "x"])),
    ]

    @Test func `a read brings entries, in an array of RESP2 or a map of RESP3`() throws {
        #expect(try read.answer(array(array(bulk("s1"), rows))) == .success(entries))
        #expect(try read.answer(map(bulk("s1"), rows)) == .success(entries))
    }

    @Test(arguments: ["*-1\r\n", "$-1\r\n", "_\r\n"]) func `a read that waited for nothing brings null`(
        null: String
    ) throws {
        #expect(try read.answer(null) == .success([]))
    }

    @Test func `a stream without entries brings none`() throws {
        #expect(try read.answer(array(array(bulk("s1"), "*0\r\n"))) == .success([]))
        #expect(try read.answer(map(bulk("s1"), "*0\r\n")) == .success([]))
    }

    @Test(arguments: ["*-1\r\n", "_\r\n"])
    func `an entry that is pending but no longer in the stream has null in place of its fields`(none: String) throws {
        #expect(
            try read.answer(map(bulk("s1"), array(array(bulk("1-1"), none), row("1-2", "", "x"))))
                == .success([entries[1]]))
        #expect(try read.answer(array(array(bulk("s1"), array(array(bulk("1-1"), none))))) == .success([]))
    }

    @Test(arguments: [
        "+OK\r\n", ":1\r\n", "*0\r\n", array(bulk("s1"), array()), array(array(bulk("s1"))), array(array(), array()),
        map(bulk("s1"), "_\r\n"), map(bulk("s1"), bulk("x")), map(bulk("s1"), array(), bulk("s2"), array()),
        map(bulk("s1"), array(bulk("1-1"))), map(bulk("s1"), array(array(bulk("1-1"), array(bulk("odd"))))),
        map(bulk("s1"), array(array(bulk("1-1"), array(bulk("f"), ":1\r\n")))),
        map(bulk("s1"), array(row("no id", "f", "v"))), map(bulk("s1"), array(array(":1\r\n", array()))),
        map(bulk("s1"), array(array(bulk("1-1"), array(), array()))),
    ])
    func `another shape is an error of the reply`(wire: String) throws {
        guard case .failure(.unexpectedReply(let command, let reply)) = try read.answer(wire) else {
            Issue.record("taken for entries")
            return
        }
        #expect(command == "XREADGROUP" && !reply.isEmpty)
    }

    @Test func `XRANGE and XCLAIM bring rows, those of deleted entries left out`() throws {
        let range = StreamCommand.range("s")
        let claim = StreamCommand.claim(["1-1"], stream: "s", group: "g", consumer: "c")
        for command in [range, claim] {
            #expect(try command.answer(rows) == .success(entries))
            #expect(try command.answer("*0\r\n") == .success([]))
            // Before 7.0 XCLAIM had null in their place.
            #expect(try command.answer(array("*-1\r\n", row("1-2", "", "x"))) == .success([entries[1]]))
            #expect(throws: RedisError.self) { try command.answer("_\r\n").get() }
            #expect(throws: RedisError.self) { try command.answer(array(bulk("1-1"))).get() }
        }
    }

    @Test func `XADD brings the id`() throws {
        let add = StreamCommand.add(EntryFields(["f": "v"]), to: "s")
        #expect(try add.answer(bulk("1526919030474-55")) == .success("1526919030474-55"))
        #expect(
            try add.answer("_\r\n") == .failure(.unexpectedReply(command: "XADD", reply: "null")))
        #expect(throws: RedisError.self) { try add.answer(bulk("x")).get() }
    }

    @Test func `counts are integers`() throws {
        #expect(try StreamCommand.length(of: "s").answer(":42\r\n") == .success(42))
        let acknowledge = StreamCommand.acknowledge(["1-0"], stream: "s", group: "g")
        #expect(try acknowledge.answer(":0\r\n") == .success(0))
        #expect(throws: RedisError.self) { try acknowledge.answer("+OK\r\n").get() }
        #expect(try StreamCommand.trim("s", .length(1)).answer(":5\r\n") == .success(5))
    }

    @Test func `errors of the server stay what they are`() {
        let error = RedisError.server(ServerError("NOGROUP No such key 's1' or consumer group 'g'".utf8))
        #expect(read.result(.failure(error)) == .failure(error))
    }

    @Test func `where the reply says nothing, any will do`() throws {
        let commands: [StreamCommand<Void>] = [
            .createGroup("g", on: "s", from: .latest), .heartbeat(stream: "s", group: "g", consumer: "c"),
            .setDeliveryCount(1, of: "1-0", stream: "s", group: "g", consumer: "c"),
        ]
        for command in commands {
            for wire in ["+OK\r\n", "*0\r\n", "_\r\n", array(bulk("1-0"))] { try command.answer(wire).get() }
        }
    }
}
