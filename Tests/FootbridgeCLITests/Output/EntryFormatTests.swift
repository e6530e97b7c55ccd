import Foundation
import RedisStreams
import Testing

@testable import footbridge

struct EntryFormatTests {
    private func message(_ stream: String, _ id: String, _ pairs: (String, [UInt8])...) throws -> Message {
        let fields = pairs.map { (name: Array($0.0.utf8)[...], value: $0.1[...]) }
        return Message(stream: stream, id: try #require(EntryID(id)), fields: EntryFields(fields))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `entries of one stream stand in columns, escaped`() throws {
        var format = EntryText(streams: ["orders"])
        #expect(
            try format.line(message("orders", "1767312000000-0", ("type", Array("créé".utf8)), ("x", [0x1B, 0xFF])))
                == #"1767312000000-0  2026-01-02T00:00:00.000Z  type=créé  x=\x1b\xff"#)
        #expect(
            try format.line(message("orders", "5-0", ("n", []))) == "5-0              1970-01-01T00:00:00.005Z  n=")
        #expect(
            try format.line(message("orders", "18446744073709551615-7", ("n", [0x31])))
                == "18446744073709551615-7  -                         n=1")
        #expect(
            format.deleted("orders", EntryID("6-0"))
                == "6-0                     1970-01-01T00:00:00.006Z  (deleted: pending, but no longer in the stream)")
    }

    @Test func `several streams are named in front, in colours of their own`() throws {
        var plain = EntryText(streams: ["orders", "re\u{1B}"])
        #expect(
            try plain.line(message("re\u{1B}", "1767312000000-0", ("n", [0x31])))
                == #"re\x1b  1767312000000-0  2026-01-02T00:00:00.000Z  n=1"#)
        var coloured = EntryText(streams: ["orders", "refunds"], hasColour: true)
        #expect(
            try coloured.line(message("refunds", "1767312000000-0", ("n", [0x31])))
                == "\u{1B}[33mrefunds  \u{1B}[0m1767312000000-0  2026-01-02T00:00:00.000Z  n=1")
    }

    @Test func `a long value is cut, which shows; one that just fits is not`() throws {
        var format = EntryText(streams: ["s"])
        let head = "1767312000000-0  2026-01-02T00:00:00.000Z  "
        let fitting = [UInt8](repeating: 0x61, count: 500)
        #expect(try format.line(message("s", "1767312000000-0", ("v", fitting))) == "\(head)v=\(text(fitting))")
        #expect(
            try format.line(message("s", "1767312000000-0", ("v", fitting + fitting)))
                == "\(head)v=\(text(Array(fitting.dropLast())))… (1000 bytes)")
    }

    @Test func `JSON keeps order, escapes what it must, and says the time`() throws {
        #expect(
            try text(EntryJSON.line(message("a\"b", "1767312000000-0", ("z", Array("ü\n\u{1B}".utf8)), ("a", []))))
                == #"{"stream":"a\"b","id":"1767312000000-0","time":"2026-01-02T00:00:00.000Z","#
                + #""fields":{"z":"ü\n\u001b","a":""}}"#)
        #expect(
            text(EntryJSON.deleted("s", EntryID("18446744073709551615-7")))
                == #"{"stream":"s","id":"18446744073709551615-7","deleted":true}"#)
    }

    @Test func `a value that is not UTF-8 comes as base64, under its name`() throws {
        #expect(
            try text(EntryJSON.line(message("s", "5-0", ("text", [0x31]), ("photo", [0xFF, 0xD8, 0]))))
                == #"{"stream":"s","id":"5-0","time":"1970-01-01T00:00:00.005Z","#
                + #""fields":{"text":"1"},"fields_base64":{"photo":"/9gA"}}"#)
    }

    @Test func `some of the fields come in the order of the names that are asked for`() throws {
        let entry = try message("s", "5-0", ("a", [0x31]), ("b", [0x32]), ("a", [0x33]), ("c", [0x34]))
        let names = ["c", "a", "x"].map { Array($0.utf8) }
        #expect(try entry.only(names) == message("s", "5-0", ("c", [0x34]), ("a", [0x31]), ("a", [0x33])))
    }

    @Test func `where names repeat or are not UTF-8, all fields come as pairs`() throws {
        let fields: [EntryFields.Element] = [
            (name: [0x61], value: [0x31]), (name: [0xFF], value: [0x32]), (name: [0x61], value: [0xFE]),
        ]
        let line = EntryJSON.line(Message(stream: "s", id: EntryID("5-0"), fields: EntryFields(fields)))
        #expect(
            text(line) == #"{"stream":"s","id":"5-0","time":"1970-01-01T00:00:00.005Z","fields":{"a":"1"},"#
                + #""pairs_base64":[["YQ==","MQ=="],["/w==","Mg=="],["YQ==","/g=="]]}"#)
    }
}
