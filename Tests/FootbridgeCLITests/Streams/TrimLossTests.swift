import RedisStreams
import Testing

@testable import footbridge

struct TrimLossTests {
    private var loss: TrimLoss {
        TrimLoss(
            stream: "ord\ners", length: 1000, count: 990, first: EntryID(milliseconds: 1_767_312_000_000),
            last: EntryID(milliseconds: 1_767_312_000_005, sequence: 3))
    }

    @Test func `it says how much goes, and who needs it still`() {
        var loss = loss
        loss.groups = [
            TrimLoss.Group(name: "billing", pending: 3, hasUnread: true),
            TrimLoss.Group(name: "audit", pending: 10_000, hasUnread: false),
        ]
        #expect(
            loss.lines == [
                #"ord\ners: 990 of 1000 entries will be removed"#,
                "  from  1767312000000-0 (2026-01-02T00:00:00.000Z)",
                "  to    1767312000005-3 (2026-01-02T00:00:00.005Z)",
                "  group billing has not read all of them",
                "  group billing has 3 pending there: they cannot be delivered again",
                "  group audit has 10000 or more pending there: they cannot be delivered again",
            ])
    }

    @Test func `it says what it does not know`() {
        let loss = TrimLoss(
            stream: "orders", length: 90_000, count: 10_001, isCountKnown: false, isApproximate: true,
            first: EntryID(milliseconds: 5), last: nil)
        #expect(
            loss.lines == [
                "orders: more than 10000 of 90000 entries may be removed",
                "  from  5-0 (1970-01-01T00:00:00.005Z)",
                "  too many to see which of them groups have not read, or not acknowledged",
            ])
    }
}
