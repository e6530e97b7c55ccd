import Testing
import Webhooks

@Suite struct PercentCodingTests {
    /// The first of CloudEvents' HTTP binding 1.0.2 §3.1.3.2.
    @Test(arguments: [
        ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"), ("a\"b%c", "a%22b%25c"), ("a\r\nX: 1", "a%0D%0AX:%201"),
        ("!#$&'()*+,-./:;<=>?@[\\]^_`{|}~", "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~"), ("\u{7F}\u{0}", "%7F%00"), ("", ""),
    ])
    func headers(text: String, expected: String) {
        var out: [UInt8] = []
        PercentCoding.appendHeader(Array(text.utf8), to: &out)
        #expect(String(decoding: out, as: UTF8.self) == expected)
    }

    @Test func `a segment of a path holds unreserved characters only`() {
        let segment = PercentCoding.segment(Array("{eu}:a-Z_0.~/é".utf8))
        #expect(String(decoding: segment, as: UTF8.self) == "%7Beu%7D%3Aa-Z_0.~%2F%C3%A9")
    }
}

@Suite struct TimestampTests {
    /// From `date -u -d @SECONDS +%FT%TZ`.
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_614_265_330_123, "2021-02-25T15:02:10.123Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (1_735_689_599_000, "2024-12-31T23:59:59.000Z"),
        ] as [(UInt64, String)])
    func `times are written in UTC`(milliseconds: UInt64, expected: String) {
        var out: [UInt8] = []
        Timestamp.append(milliseconds: milliseconds, to: &out)
        #expect(String(decoding: out, as: UTF8.self) == expected)
        #expect(Timestamp.isValid(out))
    }

    /// The first five are the examples of RFC 3339 §5.8.
    @Test(arguments: [
        "1985-04-12T23:20:50.52Z", "1996-12-19T16:39:57-08:00", "1990-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00",
        "1937-01-01T12:00:27.87+00:20", "2024-02-29t00:00:00z",
    ])
    func valid(text: String) { #expect(Timestamp.isValid(text.utf8)) }

    @Test(arguments: [
        "", "2024", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z",
        "2024-01-01 00:00:00Z", "2024-01-01T00:00:00Zx", "2024-01-01T00:00:00+0100", "2024-01-01T00:00:00+24:00",
        "1614265330", "2024-01-01T00:00Z",
    ])
    func invalid(text: String) { #expect(!Timestamp.isValid(text.utf8)) }
}

@Suite struct JSONTextTests {
    private func isValid(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes { JSONText.isValid($0) } }

    /// RFC 8259 §13 and §2.
    @Test(arguments: [
        #"{"Image":{"Width":800,"Animated":false,"IDs":[116, 943, 234, 38793],"Thumbnail":null}}"#, "\"Hello world!\"",
        "42", "true", " \t\r\n[ ] ", "{}", "[]", #"[{},[],[[1]],{"a":{}}]"#, "-0", "0.5e-10", "1E+2",
        #""\u00e9\n\\\/""#,
        #"{"a":1,"a":2}"#, "\"é😀\"", "[0]",
    ])
    func valid(text: String) { #expect(isValid(text)) }

    @Test(arguments: [
        "", " ", "{", "[", "]", "}", "[1,]", "[,1]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#, "{1:2}", "01",
        "1.",
        ".5", "+1", "1e", "-", "nul", "True", "'a'", "\"a", "\"\u{1}\"", #""\x""#, #""\u12g4""#, "1 2", "[1}", "{]",
        "NaN", "[1 2]", #"{"a":1 "b":2}"#, "\u{FEFF}1", "tru", #""\"#,
    ])
    func invalid(text: String) { #expect(!isValid(text)) }

    @Test func `what is not UTF-8 is no JSON`() {
        #expect(!([0x22, 0xFF, 0x22] as [UInt8]).withUnsafeBytes { JSONText.isValid($0) })
        let bytes: [UInt8] = [0x22, 0xC0, 0xA0, 0x22]
        #expect(!bytes.withUnsafeBytes { JSONText.isValid($0) })
    }

    @Test func `depth is bounded`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(isValid(nested(JSONText.maximumDepth)))
        #expect(!isValid(nested(JSONText.maximumDepth + 1)))
        #expect(!isValid(String(repeating: "[", count: 1 << 20)))
        #expect(!isValid(String(repeating: "{\"a\":", count: 1 << 18)))
    }

    @Test func `a text that is cut off anywhere is none`() {
        let text = #"{"a":[1.5e3,true,null,{"b":"c\u00e9\""}]}"#
        for length in 0..<text.utf8.count { #expect(!isValid(String(text.prefix(length)))) }
    }
}

@Suite struct TraceParentTests {
    /// The first is W3C's own example; those of version cc and longer ones are of its test suite.
    @Test(arguments: [
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        "cc-12345678901234567890123456789012-1234567890123456-01",
        "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
    ])
    func valid(text: String) { #expect(TraceParent.isValid(text.utf8)) }

    @Test(arguments: [
        "", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "cc-12345678901234567890123456789012-1234567890123456-01.what",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "cc-12345678901234567890123456789012-1234567890123456-01-a\r\nX: 1",
    ])
    func invalid(text: String) { #expect(!TraceParent.isValid(text.utf8)) }

    @Test func `a new one is valid and another each time`() {
        var generator = SystemRandomNumberGenerator()
        var seen: Set<[UInt8]> = []
        for _ in 0..<100 {
            var text: [UInt8] = []
            TraceParent.append(random: &generator, to: &text)
            #expect(TraceParent.isValid(text) && text.count == 55)
            seen.insert(text)
        }
        #expect(seen.count == 100)
    }
}
