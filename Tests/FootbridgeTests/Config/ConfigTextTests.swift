import Testing

@testable import Footbridge

@Suite struct ConfigTextTests {
    /// Unit factors: SI for time, IEC 80000-13 for `Ki` and `Mi`.
    @Test(arguments: [
        ("250ms", 250), ("10s", 10_000), ("5m", 300_000), ("1h", 3_600_000), ("3d", 259_200_000), ("0s", 0),
    ])
    func durations(text: String, milliseconds: Int) throws {
        let duration = Duration.milliseconds(milliseconds)
        #expect(try DurationText.parse(literal(text), .zero ... .seconds(1_000_000)) == duration)
        #expect(DurationText.format(duration) == text)
    }

    @Test(arguments: [("512B", 512), ("64KiB", 65_536), ("1MiB", 1_048_576), ("1GiB", 1_073_741_824), ("0B", 0)])
    func sizes(text: String, bytes: Int) throws {
        #expect(try SizeText.parse(literal(text), 0...Int.max) == bytes)
        #expect(SizeText.format(bytes) == text)
    }

    @Test(arguments: [("1KB", 1000), ("2MB", 2_000_000), ("3GB", 3_000_000_000)])
    func `decimal sizes`(text: String, bytes: Int) throws {
        #expect(try SizeText.parse(literal(text), 0...Int.max) == bytes)
    }

    /// From `date -u -d TIME +%s`.
    @Test(arguments: [
        ("1970-01-01", 0), ("1999-12-31T23:59:59Z", 946_684_799), ("2000-02-29", 951_782_400),
        ("2000-03-01", 951_868_800), ("2100-03-01", 4_107_542_400), ("2024-12-31", 1_735_603_200),
        ("2024-01-31T10:00+02:00", 1_706_688_000), ("9999-12-31", 253_402_214_400),
    ])
    func times(text: String, seconds: UInt64) throws {
        #expect(try ISO8601.milliseconds(literal(text)) == seconds * 1000)
    }

    @Test func `1900 and 2100 have no leap day`() {
        #expect(throws: Complaint.self) { try ISO8601.milliseconds(literal("2100-02-29")) }
    }

    @Test(arguments: [
        ("concurency", "concurrency"), ("claimAfter", "claim_after"), ("claim-after", "claim_after"),
        ("ulr", "url"), ("maximum", "max"), ("dead", "dead_letter"),
    ])
    func suggestions(name: String, known: String) {
        #expect(nearest(to: name, among: ["concurrency", "claim_after", "url", "max", "dead_letter"]) == known)
    }

    @Test(arguments: ["zzz", "", "x", "timezone", String(repeating: "a", count: 100_000)])
    func `what is near to nothing gets no suggestion`(name: String) {
        #expect(nearest(to: name, among: ["concurrency", "claim_after", "url", "max"]) == nil)
    }

    /// Key slots from `CLUSTER KEYSLOT` on Redis 7.0: both names of a pair have the same one.
    @Test(arguments: [
        ("orders", "{orders}:dead:r"), ("{eu}:orders", "{eu}:orders:dead:r"), ("orders:{eu}", "orders:{eu}:dead:r"),
    ])
    func `a dead-letter stream lies in the slot of its stream`(stream: String, dead: String) {
        #expect(DeadLetterTarget.perStream.name(for: stream, route: "r") == dead)
    }

    @Test func `a dead-letter stream may be named or off`() {
        #expect(DeadLetterTarget.stream("graveyard").name(for: "orders", route: "r") == "graveyard")
        #expect(DeadLetterTarget.off.name(for: "orders", route: "r") == nil)
    }

    @Test func `text of the file is shown on one line and cut`() {
        #expect(ConfigText.quoted("a\n\u{1B}[31mb\u{2028}") == #""a\n\u{1B}[31mb\u{2028}""#)
        #expect(ConfigText.quoted(String(repeating: "x", count: 100)).unicodeScalars.count == 63)
    }

    private func literal(_ text: String) -> ConfigText {
        ConfigText(text: text, shown: ConfigText.quoted(text), isLiteral: true)
    }
}
