import Testing

@testable import footbridge

struct EscapedTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("a\r\nb\tc", "a\\r\\nb\\tc"), ("\u{1b}[31mred\u{7f}", "\\x1b[31mred\\x7f"),
        ("\u{0}", "\\x00"), ("\u{9b}31m", "\\u{9b}31m"), ("\u{202e}evil", "\\u{202e}evil"), ("\u{2028}", "\\u{2028}"),
        ("Zoë 佐藤 👩‍🚀", "Zoë 佐藤 👩‍🚀"),
    ])
    func `what could move the cursor or forge a line is escaped, other text is not`(text: String, shown: String) {
        #expect(EscapedText.line(text.utf8) == shown)
    }

    /// Ill-formed sequences of the Unicode Standard, section 3.9, and lone bytes.
    @Test(
        arguments: [
            ([0x80], "\\x80"), ([0xff, 0x41], "\\xffA"), ([0xc0, 0xaf], "\\xc0\\xaf"), ([0xe2, 0x80], "\\xe2\\x80"),
            ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"), ([0x41, 0xc3], "A\\xc3"),
        ] as [([UInt8], String)])
    func `bytes that are no UTF-8 are shown as bytes`(bytes: [UInt8], shown: String) {
        #expect(EscapedText.line(bytes) == shown)
    }

    @Test(arguments: [
        ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abcdef", 1, "…"), ("abcdef", 0, ""), ("", 0, ""),
        ("佐藤美咲", 8, "佐藤美咲"), ("佐藤美咲", 7, "佐藤美…"), ("佐藤美咲", 6, "佐藤…"), ("ab\u{1b}cd", 6, "ab…"),
        ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}"),
    ])
    func `a line is cut to its columns, wide characters taking two`(text: String, columns: Int, shown: String) {
        #expect(EscapedText.line(text.utf8, columns: columns) == shown)
    }

    @Test func `a huge body costs no more than its head`() {
        #expect(EscapedText.line([UInt8](repeating: 0x61, count: 64 << 20), columns: 4) == "aaa…")
    }
}
