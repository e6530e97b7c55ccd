import TestSupport
import Testing

@testable import chaos

/// The chaos run is only worth what its checks find.
struct ForgedLedgers {
    @Test func `every check holds for a sound ledger and fails for a forged one`() {
        #expect(Forgery.findings() == [])
    }

    @Test(arguments: Forgery.all.map(\.what)) func `a forgery is found by the check that is there for it`(what: String)
        throws
    {
        let forgery = try #require(Forgery.all.first { $0.what == what })
        #expect(forgery.failed.map(\.name).contains(forgery.caughtBy))
    }

    @Test func `what is left of a replay is the entry's that was replayed`() throws {
        let entry = try #require(EntryID("5-0", stream: 0))
        func letter(_ fields: [String]) -> DeadLetter {
            DeadLetter(
                .array(fields.map { .bulk(Array($0.utf8)) }), numbers: [entry: 7], streams: 1,
                replays: [.init(stream: "{chaos}:replay:chaos", id: "9-0"): entry])
        }
        let gone = letter(["reason", "trimmed", "stream", "{chaos}:replay:chaos", "id", "9-0"])
        #expect(gone.isOfReplay && gone.number == 7 && gone.toldID == EntryID("9-0", stream: 0))
        // The same id in the stream of entries is another's.
        let other = letter(["reason", "trimmed", "stream", "chaos", "id", "9-0"])
        #expect(!other.isOfReplay && other.number == nil)
        #expect(letter(["reason", "rejected: http_422", "stream", "chaos", "id", "5-0", "replays", "1"]).isOfReplay)
    }
}
