import RedisStreams
import Testing

@testable import footbridge

struct GroupMoveTests {
    private func move(from: UInt64, to: UInt64, between: Int, pending: Int) -> [String] {
        GroupMove(
            group: "billing", stream: "orders", from: EntryID(milliseconds: from), to: EntryID(milliseconds: to),
            between: between, pending: pending
        ).lines
    }

    @Test func `back means again`() {
        #expect(
            move(from: 5, to: 0, between: 10_001, pending: 2) == [
                "orders: group billing will be moved back",
                "  from  5-0 (1970-01-01T00:00:00.005Z)",
                "  to    0-0",
                "  more than 10000 entries will be delivered again",
                "  2 of them are still pending",
            ])
    }

    @Test func `on means never`() {
        #expect(
            move(from: 4, to: 5, between: 1, pending: 0) == [
                "orders: group billing will be moved on",
                "  from  4-0 (1970-01-01T00:00:00.004Z)",
                "  to    5-0 (1970-01-01T00:00:00.005Z)",
                "  1 unread entry will be skipped: never delivered to this group",
            ])
    }
}
