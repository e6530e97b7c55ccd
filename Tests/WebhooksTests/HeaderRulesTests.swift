import FootbridgeWebhooks
import Testing

@Suite struct HeaderRulesTests {
    /// RFC 9110 §5.6.2: `tchar` is any visible character except the delimiters ``"(),/:;<=>?@[\]{}``.
    @Test func `a token is made of visible characters but the delimiters`() {
        let visible = (UInt8(0x21)...0x7E).filter { !#""(),/:;<=>?@[\]{}"#.utf8.contains($0) }
        #expect((UInt8.min ... .max).filter { HeaderRules.isToken([$0]) } == visible)
    }

    @Test(arguments: [
        ("X-Env", true), ("webhook-id", true), ("", false), ("X Env", false), ("X-Env:", false), ("X\r\nY", false),
        ("Größe", false),
    ])
    func `every byte of a name counts`(name: String, isToken: Bool) {
        #expect(HeaderRules.isToken(name.utf8) == isToken)
    }

    /// RFC 9110 §5.5: visible characters, blanks, tabs and `obs-text` (0x80 to 0xFF).
    @Test func `a value holds no control byte but the tab`() {
        let safe = [9] + Array(UInt8(0x20)...0x7E) + Array(UInt8(0x80)...0xFF)
        #expect((UInt8.min ... .max).filter { HeaderRules.isSafeValue([0x61, $0, 0x61]) } == safe)
        #expect(HeaderRules.isSafeValue([]))
    }
}
