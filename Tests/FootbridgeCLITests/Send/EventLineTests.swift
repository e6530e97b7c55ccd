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
        ("", "not JSON"), ("{", "not JSON"), (#"{"a":1} x"#, "not JSON"), (#"{a:1}"#, "not JSON"),
        ("{'a':1}", "not JSON"),
        (#"{"a":01}"#, "not JSON"), (#"{"a":NaN}"#, "not JSON"),
        (#"["a"]"#, #"not a JSON object; write {"name": "value"}"#),
        ("7", #"not a JSON object; write {"name": "value"}"#),
        (#"{"a":1,}"#, "not JSON: a comma stands before a closing bracket; remove it"),
        (#"{"a":[1 , ],"b":"\","}"#, "not JSON: a comma stands before a closing bracket; remove it"),
        ("{}", "an object without members; an entry needs at least one field"),
    ])
    func `what is no event is said so`(line: String, words: String) {
        let error = #expect(throws: EventLineError.self) { try EventLine.fields(line) }
        #expect(error?.description == words)
    }
}
