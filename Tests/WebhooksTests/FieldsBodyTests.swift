import FootbridgeWebhooks
import Foundation
import Testing

private func body(_ fields: [(String, String)]) -> String {
    String(decoding: bytes(fields.map { (Array($0.utf8), Array($1.utf8)) }), as: UTF8.self)
}

/// The body, written behind something else, as into a buffer in use.
private func bytes(_ fields: [(name: [UInt8], value: [UInt8])]) -> [UInt8] {
    var out = Array("…".utf8)
    let owned = fields.map { (copy($0.name), copy($0.value)) }
    defer { for pair in owned { [pair.0, pair.1].forEach { $0.deallocate() } } }
    let raw = owned.map { (name: UnsafeRawBufferPointer($0.0), value: UnsafeRawBufferPointer($0.1)) }
    raw.withUnsafeBufferPointer { FieldsBody.write($0, into: &out) }
    #expect(out.starts(with: "…".utf8))
    return Array(out.dropFirst(3))
}

/// Exactly as many bytes, so that reading beyond them is noticed by a sanitizer.
private func copy(_ bytes: [UInt8]) -> UnsafeMutableRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyBytes(from: bytes)
    return copy
}

/// What an independent reader makes of the body.
private func parsed(_ fields: [(name: [UInt8], value: [UInt8])]) throws -> NSDictionary? {
    try JSONSerialization.jsonObject(with: Data(bytes(fields))) as? NSDictionary
}

@Suite struct FieldsBodyTests {
    @Test(
        arguments: [
            ([], "{}"),
            ([("a", "1")], #"{"a":"1"}"#),
            ([("", "")], #"{"":""}"#),
            ([("type", "order.paid"), ("amount", "12.50")], #"{"type":"order.paid","amount":"12.50"}"#),
            ([("b", "true"), ("a", "null")], #"{"b":"true","a":"null"}"#),
            // Of one length, and alike in all but the beginning.
            ([("a.created", "1"), ("b.created", "2")], #"{"a.created":"1","b.created":"2"}"#),
            ([("data", #"{"id": 7}"#)], #"{"data":"{\"id\": 7}"}"#),
            ([("€", "Grüße 😀")], #"{"€":"Grüße 😀"}"#),
            ([("a", "1"), ("b", "2"), ("a", "3")], #"{"a":["1","3"],"b":"2"}"#),
            ([("a", "x"), ("a", "x"), ("a", "x")], #"{"a":["x","x","x"]}"#),
        ] as [([(String, String)], String)])
    func `fields stand in their order, repeated names at the first`(fields: [(String, String)], expected: String) {
        #expect(body(fields) == expected)
    }

    /// RFC 8259 §7: quotation mark, reverse solidus and U+0000 to U+001F must be escaped, nothing else need be.
    @Test func `only what must be escaped is escaped`() {
        #expect(body([("q", "\"\\/\u{7F}\u{2028}")]) == "{\"q\":\"\\\"\\\\/\u{7F}\u{2028}\"}")
        #expect(body([("c", "\u{8}\t\n\u{C}\r")]) == #"{"c":"\b\t\n\f\r"}"#)
        #expect(body([("c", "\0\u{1}\u{1A}\u{1F}")]) == #"{"c":"\u0000\u0001\u001a\u001f"}"#)
    }

    /// The malformed sequences of RFC 3629 §3, §4: surrogates, overlong forms, beyond U+10FFFF, cut short.
    @Test(
        arguments: [
            [0x80], [0xFF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80],
            [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xE2, 0x28, 0xA1], [0x41, 0xC3, 0x41],
        ] as [[UInt8]])
    func `what is not UTF-8 goes as base64`(sequence: [UInt8]) throws {
        for padding in 0..<17 {
            let value = [UInt8](repeating: 0x61, count: padding) + sequence + Array("\"b".utf8)
            let base64 = Data(value).base64EncodedString()
            #expect(String(decoding: bytes([([0x76], value)]), as: UTF8.self) == #"{"v":{"$base64":"\#(base64)"}}"#)
            #expect(String(decoding: bytes([(value, [0x76])]), as: UTF8.self) == #"{"$base64:\#(base64)":"v"}"#)
        }
    }

    @Test(arguments: [
        "\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}", "👩‍👩‍👧‍👦",
        "\u{FEFF}x",
    ])
    func `the ends of every length of UTF-8 go as they are`(text: String) {
        #expect(body([(text, text)]) == "{\"\(text)\":\"\(text)\"}")
    }

    @Test func `every byte value at every place of a word is read back by Foundation`() throws {
        for byte in UInt8.min ... .max {
            for place in 0..<17 {
                var value = Array(repeating: UInt8(ascii: "x"), count: 17)
                value[place] = byte
                let expected: Any =
                    String(bytes: value, encoding: .utf8) ?? ["$base64": Data(value).base64EncodedString()]
                #expect(try parsed([([0x76], value)]) == ["v": expected])
            }
        }
    }

    @Test func `random bytes are read back by Foundation`() throws {
        var random = SplitMix(state: 7)
        for _ in 0..<3_000 {
            let alphabet = Array("\"\\\n\t\0\u{1F}abcdefg{}€😀".utf8) + (random.next() % 8 == 0 ? [0xFF, 0xED] : [])
            let length = Int(random.next() % 60)
            let value = (0..<length).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            let text = random.next() % 2 == 0 ? Array(String(decoding: value, as: UTF8.self).utf8) : value
            let expected: Any = String(bytes: text, encoding: .utf8) ?? ["$base64": Data(text).base64EncodedString()]
            #expect(try parsed([([0x76], text), ([0x77], text)]) == ["v": expected, "w": expected])
        }
    }

    @Test func `a text that looks like the name of other bytes shares their place`() {
        let fields = [([0xFF], Array("1".utf8)), (Array("$base64:/w==".utf8), Array("2".utf8))] as [([UInt8], [UInt8])]
        #expect(String(decoding: bytes(fields), as: UTF8.self) == #"{"$base64:/w==":["1","2"]}"#)
    }

    @Test(arguments: [31, 32, 33, 40, 1_000])
    func `many fields follow the same rules`(count: Int) throws {
        let fields = (0..<count).map { (Array("name\($0 % 30)".utf8), Array("\($0)".utf8)) }
        let expected = (0..<min(count, 30)).map { first in
            let values = stride(from: first, to: count, by: 30).map { "\"\($0)\"" }
            return "\"name\(first)\":" + (values.count == 1 ? values[0] : "[\(values.joined(separator: ","))]")
        }
        #expect(String(decoding: bytes(fields), as: UTF8.self) == "{\(expected.joined(separator: ","))}")
    }
}

/// Random numbers that are the same in every run (SplitMix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
