import FootbridgeRESP
import Testing

@testable import RedisStreams

/// Each command, argument by argument, as the documentation at <https://redis.io/docs/latest/commands/> has it.
struct CommandBytesTests {
    @Test func `XADD`() {
        #expect(
            StreamCommand.add(EntryFields(["a": "1", "b": ""]), to: "s").text
                == sent("XADD", "s", "*", "a", "1", "b", ""))
        #expect(
            StreamCommand.add(EntryFields(["f": "v"]), to: "s", id: "7-0", trimming: .length(1000)).text
                == sent("XADD", "s", "MAXLEN", "~", "1000", "7-0", "f", "v"))
        #expect(
            StreamCommand.add(EntryFields(["f": "v"]), to: "s", trimming: .before("5-1", exact: true)).text
                == sent("XADD", "s", "MINID", "=", "5-1", "*", "f", "v"))
    }

    @Test func `XADD carries bytes of any kind`() {
        let bytes: [UInt8] = [0, 13, 10, 255]
        let command = StreamCommand.add(EntryFields([(name: bytes[...], value: bytes[1...2])]), to: "s")
        #expect(
            command.command.encoded
                == Array("*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$4\r\n".utf8) + bytes
                + Array("\r\n$2\r\n\r\n\r\n".utf8))
    }

    @Test func `XRANGE`() {
        #expect(StreamCommand.range("s").text == sent("XRANGE", "s", "-", "+"))
        #expect(
            StreamCommand.range("s", from: .excluded("1-1"), to: .included("2-0"), count: 10).text
                == sent("XRANGE", "s", "(1-1", "2-0", "COUNT", "10"))
        #expect(StreamCommand.range("s", to: .excluded("9-9")).text == sent("XRANGE", "s", "-", "(9-9"))
    }

    @Test func `XADD at a time`() {
        #expect(
            StreamCommand.add(EntryFields(["f": "v"]), to: "s", milliseconds: 5, trimming: .length(9)).text
                == sent("XADD", "s", "MAXLEN", "~", "9", "5-*", "f", "v"))
    }

    @Test func `XREVRANGE has its bounds the other way round`() {
        #expect(
            StreamCommand.range("s", from: .excluded("1-1"), to: .included("2-0"), count: 3, newestFirst: true).text
                == sent("XREVRANGE", "s", "2-0", "(1-1", "COUNT", "3"))
    }

    @Test func `XDEL and XSETID`() {
        #expect(StreamCommand.delete(["1-0", "2-0"], from: "s").text == sent("XDEL", "s", "1-0", "2-0"))
        #expect(StreamCommand.setID("9-0", of: "s").text == sent("XSETID", "s", "9-0"))
    }

    @Test func `XREAD of several streams`() {
        let positions: [(String, StreamPosition)] = [("s", .after("1-1")), ("t", .latest), ("u", .beginning)]
        #expect(StreamCommand.read(positions).text == sent("XREAD", "STREAMS", "s", "t", "u", "1-1", "$", "0"))
        // 0 would mean for ever.
        #expect(
            StreamCommand.read(positions, count: 2, block: .microseconds(10)).text
                == sent("XREAD", "COUNT", "2", "BLOCK", "1", "STREAMS", "s", "t", "u", "1-1", "$", "0"))
    }

    @Test func `XREADGROUP of several streams, new entries and pending ones`() {
        #expect(
            StreamCommand.readGroup("g", consumer: "c", streams: ["s", "t"], count: 5, block: .seconds(2)).text
                == sent(
                    "XREADGROUP", "GROUP", "g", "c", "COUNT", "5", "BLOCK", "2000", "STREAMS", "s", "t", ">", ">"))
        // The highest id would mean ">" (seen on Redis 7.0.15, 8.2.3 and Valkey 8.1.8).
        #expect(
            StreamCommand.readPending("g", consumer: "c", positions: [("s", .zero), ("t", .maximum)]).text
                == sent(
                    "XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "t", "0-0",
                    "18446744073709551615-18446744073709551614"))
    }

    @Test func `XAUTOCLAIM`() {
        #expect(
            StreamCommand.autoclaim(
                stream: "s", group: "g", consumer: "c", minimumIdle: .seconds(60), from: "5-0", count: 10
            ).text == sent("XAUTOCLAIM", "s", "g", "c", "60000", "5-0", "COUNT", "10"))
    }

    @Test func `XGROUP DESTROY and SETID`() {
        #expect(StreamCommand.destroyGroup("g", on: "s").text == sent("XGROUP", "DESTROY", "s", "g"))
        #expect(StreamCommand.setGroupID(.latest, of: "g", on: "s").text == sent("XGROUP", "SETID", "s", "g", "$"))
    }

    /// Those are sent again when a connection is lost; nothing else is.
    @Test func `what only reads`() {
        #expect(StreamCommand.range("s").isReadOnly && StreamCommand.length(of: "s").isReadOnly)
        #expect(StreamCommand.read([("s", .beginning)]).isReadOnly && StreamCommand.info("s").isReadOnly)
        #expect(StreamCommand.pending(stream: "s", group: "g", count: 1).isReadOnly)
        #expect(!StreamCommand.add(EntryFields(["f": "v"]), to: "s").isReadOnly)
        #expect(!StreamCommand.readGroup("g", consumer: "c", streams: ["s"]).isReadOnly)
        #expect(!StreamCommand.readPending("g", consumer: "c", positions: [("s", .zero)]).isReadOnly)
        #expect(!StreamCommand.acknowledge(["1-0"], stream: "s", group: "g").isReadOnly)
        #expect(!StreamCommand.removeConsumer("c", of: "g", stream: "s", force: false).isReadOnly)
    }

    @Test func `XLEN and XTRIM`() {
        #expect(StreamCommand.length(of: "é").text == "*2\r\n$4\r\nXLEN\r\n$2\r\né\r\n")
        #expect(StreamCommand.trim("s", .length(0, exact: true)).text == sent("XTRIM", "s", "MAXLEN", "=", "0"))
        #expect(StreamCommand.trim("s", .before("5-0")).text == sent("XTRIM", "s", "MINID", "~", "5-0"))
    }

    @Test(arguments: [
        (GroupPosition.latest, "$"), (.beginning, "0"),
        (.after("18446744073709551615-18446744073709551615"), "18446744073709551615-18446744073709551615"),
    ])
    func `XGROUP CREATE`(position: GroupPosition, argument: String) {
        #expect(
            StreamCommand.createGroup("g", on: "s", from: position).text
                == sent("XGROUP", "CREATE", "s", "g", argument, "MKSTREAM"))
    }

    @Test func `XREADGROUP`() {
        #expect(
            StreamCommand.readGroup("g", consumer: "c.1", stream: "s", count: 32, block: .milliseconds(5250)).text
                == sent(
                    "XREADGROUP", "GROUP", "g", "c.1", "COUNT", "32", "BLOCK", "5250", "STREAMS", "s", ">"))
    }

    /// With both halves at their maximum the id would mean ">" (seen on Redis 7.0.15, 8.2.3 and Valkey 8.1.8).
    @Test func `a heartbeat reads the history beyond its end, and nothing new`() {
        #expect(
            StreamCommand.heartbeat(stream: "s", group: "g", consumer: "c").text
                == sent("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", "18446744073709551615-0"))
    }

    @Test func `XCLAIM`() {
        #expect(
            StreamCommand.claim(["1-0", "2-5"], stream: "s", group: "g", consumer: "c").text
                == sent("XCLAIM", "s", "g", "c", "0", "1-0", "2-5"))
        #expect(
            StreamCommand.claim(["1-0"], stream: "s", group: "g", consumer: "c", minimumIdle: .seconds(60)).text
                == sent("XCLAIM", "s", "g", "c", "60000", "1-0"))
        #expect(
            StreamCommand.setDeliveryCount(7, of: "1-0", stream: "s", group: "g", consumer: "c").text
                == sent("XCLAIM", "s", "g", "c", "0", "1-0", "RETRYCOUNT", "7", "JUSTID"))
    }

    @Test func `XACK`() {
        #expect(
            StreamCommand.acknowledge(["1-0", "1526919030474-55"], stream: "s", group: "g").text
                == sent("XACK", "s", "g", "1-0", "1526919030474-55"))
    }

    @Test func `XPENDING`() {
        #expect(
            StreamCommand.pending(stream: "s", group: "g", count: 100).text
                == sent("XPENDING", "s", "g", "-", "+", "100"))
        #expect(
            StreamCommand.pending(stream: "s", group: "g", consumer: "c", from: .excluded("1-1"), count: 1).text
                == sent("XPENDING", "s", "g", "(1-1", "+", "1", "c"))
        #expect(
            StreamCommand.pending(stream: "s", group: "g", count: 1, minimumIdle: .seconds(1)).text
                == sent("XPENDING", "s", "g", "IDLE", "1000", "-", "+", "1"))
        #expect(StreamCommand.pendingSummary(stream: "s", group: "g").text == sent("XPENDING", "s", "g"))
    }

    @Test func `XINFO`() {
        #expect(StreamCommand.info("s").text == sent("XINFO", "STREAM", "s"))
        #expect(StreamCommand.groups(of: "s").text == sent("XINFO", "GROUPS", "s"))
        #expect(StreamCommand.consumers(of: "g", stream: "s").text == sent("XINFO", "CONSUMERS", "s", "g"))
    }
}
