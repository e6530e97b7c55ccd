import FootbridgeWebhooks
import Testing

@Suite struct PercentCodingTests {
    /// The first of CloudEvents' HTTP binding 1.0.2 §3.1.3.2.
    @Test(arguments: [
        ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"), ("a\"b%c", "a%22b%25c"), ("a\r\nX: 1", "a%0D%0AX:%201"),
        ("!#$&'()*+,-./:;<=>?@[\\]^_`{|}~", "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~"), ("\u{7F}\u{0}", "%7F%00"), ("", ""),
    ])
    func headers(text: String, expected: String) {
        #expect(PercentCoding.encoded(text, for: .eventHeader) == expected)
    }

    @Test func `a part of a URL holds unreserved characters only`() {
        #expect(
            PercentCoding.encoded("a/../b?c=d&e#f %é\r\n-._~Z9", for: .url)
                == "a%2F..%2Fb%3Fc%3Dd%26e%23f%20%25%C3%A9%0D%0A-._~Z9")
        #expect(PercentCoding.encoded("{eu}:a-Z_0.~/é* +", for: .url) == "%7Beu%7D%3Aa-Z_0.~%2F%C3%A9%2A%20%2B")
        #expect(PercentCoding.pairs([("a b", "1&2"), ("c", "")]) == "a%20b=1%262&c=")
    }

    @Test func `forms have plus signs for spaces, and stars as they are`() {
        #expect(PercentCoding.encoded("a b*~+é", for: .form) == "a+b*%7E%2B%C3%A9")
    }
}

@Suite struct TimestampTests {
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
