import RedisStreams
import Testing

@testable import footbridge

struct EventLineTests {
    private func pairs(_ line: String) throws -> [[String]] {
        try EventLine.fields(line).map {
            [String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self)]
        }
    }

    @Test func `members become fields in the order of the line`() throws {
        #expect(
            try pairs(#"{"type":"order.created","id":"evt_1","zebra":"z","alpha":"a"}"#)
                == [["type", "order.created"], ["id", "evt_1"], ["zebra", "z"], ["alpha", "a"]])
    }

    @Test func `a name that stands in a value before does not change the order`() throws {
        #expect(
            try pairs(#"{"kind":"id","data":"a \"type\" b","id":"1","type":"t"}"#)
                == [["kind", "id"], ["data", #"a "type" b"#], ["id", "1"], ["type", "t"]])
    }

    @Test(arguments: [
        (#"{"v":"text"}"#, "text"), (#"{"v":""}"#, ""),
        (#"{"v":"a\nb\u0000\u00e9\ud83d\ude00\"\\\/"}"#, "a\nb\u{0}é😀\"\\/"),
        (#"{"v":7}"#, "7"), (#"{"v":-7}"#, "-7"), (#"{"v":1.5}"#, "1.5"),
        (#"{"v":9007199254740993}"#, "9007199254740993"),
        (#"{"v":12.50}"#, "12.50"), (#"{"v":0.1}"#, "0.1"), (#"{"v":1e3}"#, "1e3"), (#"{"v":1.0}"#, "1.0"),
        (#"{"v":123456789012345678901234567890}"#, "123456789012345678901234567890"),
        (#"{"v":true}"#, "true"), (#"{"v":false}"#, "false"), (#"{"v":null}"#, "null"), (#"{"v":[]}"#, "[]"),
        (#"{"v":[1,"a",null]}"#, #"[1,"a",null]"#), (#"{"v":{"b":{"c":"/é"},"a":1}}"#, #"{"b":{"c":"/é"},"a":1}"#),
        (#"{"v": { "x" : [1, "}"] } }"#, #"{ "x" : [1, "}"] }"#),
        (#"{"v":1e400}"#, "1e400"), (#"{"v":-1E+400}"#, "-1E+400"), (#"{"v":-0}"#, "-0"),
        (#"{"v":["\ud800",{"\udc00":1}]}"#, #"["\ud800",{"\udc00":1}]"#), (#"{"v":"\ud834\udd1e \u00E9"}"#, "𝄞 é"),
    ])
    func `strings are taken as they are, other values as they are written`(line: String, value: String) throws {
        #expect(try pairs(line) == [["v", value]])
    }

    @Test func `names may hold anything that JSON can write`() throws {
        #expect(
            try pairs(#"{"a\"b":"1","\u00e9":"2","":"3","x\ny":"4","z":"5"}"#)
                == [["a\"b", "1"], ["é", "2"], ["", "3"], ["x\ny", "4"], ["z", "5"]])
    }

    @Test func `a name may stand twice`() throws {
        #expect(try pairs(#"{"a":"1","b":2,"a":{"a":3}}"#) == [["a", "1"], ["b", "2"], ["a", #"{"a":3}"#]])
    }

    @Test func `a byte-order mark in front is no part of the line`() throws {
        #expect(try pairs("\u{feff}{\"a\":\"\u{feff}1\"}") == [["a", "\u{feff}1"]])
    }

    /// Foundation's parser ends at 512 levels, and one that recursed would end the process.
    @Test func `values may nest as deep as they like`() throws {
        let depth = 1_000_000
        let value = String(repeating: #"[{"a":"#, count: depth) + "1" + String(repeating: "}]", count: depth)
        #expect(try pairs(#"{"v":\#(value),"w":"x"}"#) == [["v", value], ["w", "x"]])
    }

    @Test(arguments: [
        (#"{"a":"\ud800"}"#, #"\ud800"#, 7), (#"{"ü":"x\udC00\ud83d\ude00"}"#, #"\udC00"#, 8),
        (#"{"a":"\ud83d\u0041"}"#, #"\ud83d"#, 7), (#"{"\ud83dx":1}"#, #"\ud83d"#, 3),
    ])
    func `half a character is an error with its column`(line: String, escape: String, column: Int) {
        let error = #expect(throws: EventLineError.self) { try EventLine.fields(line) }
        #expect(
            error?.description == "column \(column): \(escape) is half a character, and UTF-8 has none; "
                + "write both halves, or send it with --typed")
    }

    @Test func `typed, half a character is sent as it is written`() throws {
        let fields = try EventLine.fields(#"{"a":"\ud800"}"#, typed: true)
        #expect(fields.map { String(decoding: $0.value, as: UTF8.self) } == [#""\ud800""#])
    }

    @Test func `commas and brackets in strings are text`() throws {
        #expect(
            try pairs(#"{"a":",}","b":"\",]","c":["\\",1]}"#) == [["a", ",}"], ["b", "\",]"], ["c", #"["\\",1]"#]])
    }

    @Test func `bytes that are not UTF-8 are refused, with the column in characters`() {
        let error = #expect(throws: EventLineError.self) {
            try EventLine.fields(Array("{\"ü\":\"".utf8) + [0xFF, 0x22, 0x7D])
        }
        #expect(error?.description == "column 7: not UTF-8; write other bytes as base64")
    }

    @Test func `blanks around it do not matter`() throws {
        #expect(try pairs("  { \"a\" : \"1\" , \"b\" : 2 }\t\r") == [["a", "1"], ["b", "2"]])
    }

    @Test(arguments: [
        ("", "column 1: not JSON: a value is missing here"),
        ("{", "column 2: not JSON: a name in quotes is missing here"),
        (#"{"a":1"#, "column 7: not JSON: a comma or } is missing here"),
        (#"{"a":[1"#, "column 8: not JSON: a comma or ] is missing here"),
        (#"{"a":[1}"#, "column 8: not JSON: a comma or ] is missing here"),
        (#"{"a" 1}"#, "column 6: not JSON: a colon is missing here"),
        (#"{"a":}"#, "column 6: not JSON: a value is missing here"),
        (#"{"a":[{"b":1,]}"#, "column 13: not JSON: a comma stands before a closing bracket; remove it"),
        (#"{"a":1} x"#, "column 9: not JSON: more stands behind the end"),
        (#"{a:1}"#, "column 2: not JSON: a name in quotes is missing here"),
        ("{'a':1}", "column 2: not JSON: a name in quotes is missing here"),
        (#"{"é":x}"#, "column 6: not JSON: a value is missing here"),
        (#"{"a":nul}"#, "column 6: not JSON: a value is missing here; text stands in quotes"),
        (#"{"a":01}"#, "column 7: not JSON: a number begins with 0; remove it, or write it as text, in quotes"),
        (#"{"a":1.}"#, "column 8: not JSON: a digit is missing here"),
        (#"{"a":-}"#, "column 7: not JSON: a digit is missing here"),
        (#"{"a":1e}"#, "column 8: not JSON: a digit is missing here"),
        (#"{"a":NaN}"#, "column 6: not JSON: a value is missing here"),
        (#"{"a":"b}"#, "column 9: not JSON: a string does not end"),
        (#"{"a":"\x"}"#, #"column 7: not JSON: no escape of JSON; a backslash is written \\"#),
        (#"{"a":"\u12"}"#, #"column 7: not JSON: no escape of JSON; a backslash is written \\"#),
        ("{\"a\":\"\t\"}", #"column 7: not JSON: a control character in a string; write it as \u0009"#),
        (#"["a"]"#, #"not a JSON object; write {"name": "value"}"#),
        ("7", #"not a JSON object; write {"name": "value"}"#),
        (#"{"a":1,}"#, "column 7: not JSON: a comma stands before a closing bracket; remove it"),
        (#"{"a":[1 , ],"b":"\","}"#, "column 9: not JSON: a comma stands before a closing bracket; remove it"),
        ("{}", "an object without members; an entry needs at least one field"),
    ])
    func `what is no event is said so`(line: String, words: String) {
        let error = #expect(throws: EventLineError.self) { try EventLine.fields(line) }
        #expect(error?.description == words)
    }
}
