import Testing

@testable import footbridge

struct FindingTests {
    @Test func `texts stand below each other, whatever their level`() {
        let findings = [Finding.Level.ok, .note, .warn, .error].map { Finding($0, "text") }
        #expect(
            findings.map(\.description) == [
                "  ok     text",
                "  note   text",
                "  warn   text",
                "  error  text",
            ])
    }
}
