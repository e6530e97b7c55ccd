import FootbridgeRESP
import FootbridgeRedis
import Foundation
import Testing

@testable import RedisStreams

/// Options of the commands, argument by argument, as the documentation at <https://redis.io/docs/latest/commands/> has them.
struct CommandOptionsTests {
    @Test func `XADD and XTRIM: LIMIT, NOMKSTREAM, and what becomes of references`() {
        let trimming = Trimming.length(10, limit: 200, references: .onlyAcknowledged)
        #expect(
            StreamCommand.add(["f": "v"], to: "s", trimming: trimming).text
                == sent("XADD", "s", "MAXLEN", "~", "10", "LIMIT", "200", "ACKED", "*", "f", "v"))
        #expect(
            StreamCommand.addIfExists(["f": "v"], to: "s", id: "5-1", trimming: .before("3-0", references: .keep)).text
                == sent("XADD", "s", "NOMKSTREAM", "MINID", "~", "3-0", "KEEPREF", "5-1", "f", "v"))
        #expect(StreamCommand.addIfExists(["f": "v"], to: "s").text == sent("XADD", "s", "NOMKSTREAM", "*", "f", "v"))
        #expect(
            StreamCommand.trim("s", .before("3-0", exact: true, references: .delete)).text
                == sent("XTRIM", "s", "MINID", "=", "3-0", "DELREF"))
    }

    @Test func `XDELEX and XACKDEL`() {
        #expect(
            StreamCommand.delete(["1-0", "2-0"], from: "s", references: .delete).text
                == sent("XDELEX", "s", "DELREF", "IDS", "2", "1-0", "2-0"))
        #expect(
            StreamCommand.acknowledgeAndDelete(["1-0"], stream: "s", group: "g", references: .onlyAcknowledged).text
                == sent("XACKDEL", "s", "g", "ACKED", "IDS", "1", "1-0"))
    }

    @Test func `XREADGROUP: NOACK and CLAIM`() {
        #expect(
            StreamCommand.readGroup(
                "g", consumer: "c", streams: ["s"], count: 5, block: .seconds(1), isAcknowledged: true
            ).text
                == sent("XREADGROUP", "GROUP", "g", "c", "COUNT", "5", "BLOCK", "1000", "NOACK", "STREAMS", "s", ">"))
        #expect(
            StreamCommand.readClaiming("g", consumer: "c", streams: ["s", "t"], minimumIdle: .seconds(60), count: 5)
                .text
                == sent(
                    "XREADGROUP", "GROUP", "g", "c", "COUNT", "5", "CLAIM", "60000", "STREAMS", "s", "t", ">", ">"))
    }

    @Test func `XCLAIM: IDLE, TIME, RETRYCOUNT, FORCE and JUSTID`() {
        func text(_ options: ClaimOptions) -> String {
            StreamCommand<[StreamEntry]>.claim(["1-0"], stream: "s", group: "g", consumer: "c", options).text
        }
        #expect(
            text(.init(lastDelivery: .ago(.seconds(5)), deliveryCount: 3, includesNotPending: true))
                == sent("XCLAIM", "s", "g", "c", "0", "1-0", "IDLE", "5000", "RETRYCOUNT", "3", "FORCE"))
        #expect(
            text(.init(lastDelivery: .at(Date(timeIntervalSince1970: 7.5))))
                == sent("XCLAIM", "s", "g", "c", "0", "1-0", "TIME", "7500"))
        #expect(
            StreamCommand.claimIDs(["1-0"], stream: "s", group: "g", consumer: "c", minimumIdle: .seconds(1)).text
                == sent("XCLAIM", "s", "g", "c", "1000", "1-0", "JUSTID"))
        // Numbers that the server would turn round (seen on Redis 7.0.15, 8.2.3 and Valkey 8.1.8).
        #expect(
            text(.init(lastDelivery: .ago(.seconds(Int64.max)), deliveryCount: .max))
                == sent(
                    "XCLAIM", "s", "g", "c", "0", "1-0", "IDLE", "1262304000000", "RETRYCOUNT", "9007199254740992"))
        #expect(
            text(.init(lastDelivery: .ago(.seconds(-1)), deliveryCount: -1))
                == sent("XCLAIM", "s", "g", "c", "0", "1-0", "IDLE", "0", "RETRYCOUNT", "0"))
    }

    @Test func `XAUTOCLAIM: JUSTID`() {
        #expect(
            StreamCommand.autoclaimIDs(
                stream: "s", group: "g", consumer: "c", minimumIdle: .zero, from: "5-0", count: 0
            ).text == sent("XAUTOCLAIM", "s", "g", "c", "0", "5-0", "COUNT", "1", "JUSTID"))
    }

    @Test func `XGROUP: CREATECONSUMER and ENTRIESREAD`() {
        #expect(
            StreamCommand.createConsumer("c", of: "g", stream: "s").text
                == sent("XGROUP", "CREATECONSUMER", "s", "g", "c"))
        #expect(
            StreamCommand.createGroup("g", on: "s", from: .after("5-0"), entriesRead: 5).text
                == sent("XGROUP", "CREATE", "s", "g", "5-0", "MKSTREAM", "ENTRIESREAD", "5"))
        #expect(
            StreamCommand.setGroupID(.latest, of: "g", on: "s", entriesRead: 9).text
                == sent("XGROUP", "SETID", "s", "g", "$", "ENTRIESREAD", "9"))
    }

    @Test func `what is done with any key`() {
        #expect(StreamCommand.fullInfo("s", count: 3).text == sent("XINFO", "STREAM", "s", "FULL", "COUNT", "3"))
        #expect(StreamCommand.type(of: "s").text == sent("TYPE", "s"))
        #expect(StreamCommand.expire("s", after: .seconds(2)).text == sent("PEXPIRE", "s", "2000"))
        #expect(StreamCommand.expire("s", atMilliseconds: 5).text == sent("PEXPIREAT", "s", "5"))
        #expect(StreamCommand.persist("s").text == sent("PERSIST", "s"))
        #expect(StreamCommand.timeToLive(of: "s").text == sent("PTTL", "s"))
        #expect(StreamCommand.remove("s").text == sent("UNLINK", "s"))
    }

    @Test func `replies of XADD NOMKSTREAM, XDELEX and JUSTID`() throws {
        #expect(try StreamCommand.addIfExists(["f": "v"], to: "s").answer("$-1\r\n") == .success(nil))
        #expect(try StreamCommand.addIfExists(["f": "v"], to: "s").answer(bulk("5-0")) == .success("5-0"))
        #expect(throws: RedisError.self) { try StreamCommand.addIfExists(["f": "v"], to: "s").answer(":1\r\n").get() }
        let delete = StreamCommand.delete(["1-0", "2-0", "3-0"], from: "s", references: .keep)
        #expect(try delete.answer("*3\r\n:1\r\n:-1\r\n:2\r\n") == .success([.deleted, .notFound, .stillReferenced]))
        #expect(throws: RedisError.self) { try delete.answer("*1\r\n:7\r\n").get() }
        let claim = StreamCommand.autoclaimIDs(
            stream: "s", group: "g", consumer: "c", minimumIdle: .zero, from: .zero, count: 10)
        #expect(
            try claim.answer(array(bulk("5-0"), array(bulk("1-0")), array(bulk("2-0"))))
                == .success(ClaimedIDs(ids: ["1-0"], deleted: ["2-0"], next: "5-0")))
        #expect(
            try claim.answer(array(bulk("0-0"), "*0\r\n")) == .success(ClaimedIDs(ids: [], deleted: [], next: nil)))
    }

    /// The shape of <https://redis.io/docs/latest/commands/xreadgroup/>: four parts; early versions of 8.4 sent the numbers as text.
    @Test(arguments: [(":1500\r\n", ":3\r\n"), (bulk("1500"), bulk("3"))])
    func `reply of XREADGROUP CLAIM`(idle: String, count: String) throws {
        func entry(_ id: String, _ idle: String, _ count: String) -> String {
            "*4\r\n" + bulk(id) + array(bulk("f"), bulk("v")) + idle + count
        }
        let rows = array(entry("1-0", idle, count), entry("2-0", ":0\r\n", ":0\r\n"))
        let command = StreamCommand.readClaiming("g", consumer: "c", streams: ["s"], minimumIdle: .zero)
        func delivery(_ id: EntryID, _ idle: Duration, _ count: Int) -> DeliveredMessage {
            DeliveredMessage(
                message: Message(stream: "s", id: id, fields: ["f": "v"]), idle: idle, earlierDeliveries: count)
        }
        let expected = [delivery("1-0", .milliseconds(1500), 3), delivery("2-0", .zero, 0)]
        #expect(try command.answer(array(array(bulk("s"), rows))) == .success(expected))
        #expect(try command.answer(map(bulk("s"), rows)) == .success(expected))
        #expect(try command.answer("_\r\n") == .success([]))
        #expect(throws: RedisError.self) {
            try command.answer(array(array(bulk("s"), array(row("1-0", "f", "v"))))).get()
        }
    }

    @Test func `what a server is too old for, or is not`() {
        let old = ServerIdentity(info: "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n")
        let valkey = ServerIdentity(info: "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.8\r\n")
        let new = ServerIdentity(info: "redis_version:8.10.0\n")
        let need = ServerNeed(option: "ACKED", redis: "8.2")
        #expect(need.refusal(by: old) == "ACKED needs Redis 8.2; the server is Redis 7.0.15")
        #expect(need.refusal(by: valkey) == "ACKED needs Redis 8.2; the server is Valkey 8.1.8")
        #expect(need.refusal(by: new) == nil)
        #expect(need.refusal(by: nil) == "ACKED needs Redis 8.2")
        let both = ServerNeed(redis: "7.0", valkey: "7.2")
        #expect(both.refusal(by: valkey) == nil && both.refusal(by: old) == nil)
        #expect(ServerIdentity(info: "") == nil)
        #expect(ServerIdentity(info: "redis_version:abc") == nil)
        #expect(StreamCommand.add(["f": "v"], to: "s", trimming: .length(1)).needs == nil)
    }
}
