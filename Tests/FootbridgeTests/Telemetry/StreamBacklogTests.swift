import FootbridgeRESP
import RedisStreams
import Testing

@testable import Footbridge

@Suite struct StreamBacklogTests {
    private let now: Int64 = 1_800_000_000_000

    private func backlog(_ reply: [RESPValue]) -> StreamBacklog? { StreamBacklog(reply: .array(RESPArray(reply))) }

    @Test func `a reply tells what is owed, and what Redis does not know stays unknown`() {
        let id = RESPValue.bulkString(ArraySlice("1799999995000-3".utf8))
        #expect(
            backlog([.integer(3), .integer(4), id])
                == StreamBacklog(pending: 3, unread: 4, oldest: EntryID("1799999995000-3")))
        #expect(backlog([.integer(0), .null, .null]) == StreamBacklog(pending: 0, unread: nil, oldest: nil))
        // Redis 7.0 after a wrong ENTRIESREAD.
        #expect(backlog([.integer(0), .integer(-90), .null])?.unread == 0)
        #expect(StreamBacklog(reply: .null) == nil)
        #expect(backlog([.integer(1)]) == nil)
    }

    @Test func `an entry's age is the time since its id was made`() {
        func age(_ id: String?) -> Duration? {
            StreamBacklog(pending: 1, unread: 0, oldest: id.flatMap { EntryID($0) }).oldestAge(now: now)
        }
        #expect(age("1799999995000-3") == .seconds(5))
        #expect(age(nil) == .zero)
        // The server's clock may be ahead a little.
        #expect(age("1800000000500-0") == .zero)
        // Ids that no clock made.
        #expect(age("1-1") == nil)
        #expect(age("1514764799999-0") == nil)
        #expect(age("18446744073709551615-0") == nil)
    }
}
