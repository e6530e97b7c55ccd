import RedisStreams
import Testing

@testable import footbridge

struct PlaceArgumentTests {
    /// 2026-01-02T00:00Z (`date -u -d 2026-01-02 +%s`).
    private static let midnight: UInt64 = 1_767_312_000_000

    @Test(
        arguments: [
            ("-", .beginning), ("0", .beginning), ("0-0", .beginning), ("+", .end), ("$", .latest), (">", .undelivered),
            ("5-1", .id(EntryID(milliseconds: 5, sequence: 1))), ("5", .number(5)),
            ("18446744073709551615-18446744073709551615", .id(.maximum)),
            ("2026-01-02", .time(midnight)), ("2026-01-02T00:00Z", .time(midnight)),
            ("2026-01-02T01:30:00.250+01:30", .time(midnight + 250)),
            ("2h", .time(midnight - 7_200_000)), ("7d", .time(midnight - 604_800_000)), ("0s", .time(midnight)),
        ] as [(String, PlaceArgument)])
    func `a place is a sign, an id, a time, or how long ago`(text: String, place: PlaceArgument) throws {
        #expect(try PlaceArgument(text, now: Self.midnight) == place)
    }

    @Test func `before 1970 is 1970`() throws {
        #expect(try PlaceArgument("2h", now: 1000) == .time(0))
    }

    private static let forms =
        "write an id (1700000000000-0), a time (2026-01-31T10:00Z), or how long ago (90s, 2h, 7d)"

    @Test(arguments: [
        ("", forms), ("now", forms), ("-1", forms), ("2024-01", forms), ("5-", forms), ("2w", forms),
        ("99999999999999999999", "it is too large for an entry id"),
        ("2026-01-02T00:00", #""2026-01-02T00:00" has no zone; add Z for UTC, or an offset: +02:00"#),
        ("2026-02-30", #""2026-02-30" is no day of the calendar"#),
    ])
    func `anything else is refused with its cure`(text: String, cure: String) {
        let error = #expect(throws: PlaceError.self) { try PlaceArgument(text, now: Self.midnight) }
        #expect(error?.description == cure)
    }

    private static let (first, last) = (
        EntryID(milliseconds: midnight), EntryID(milliseconds: midnight, sequence: .max)
    )

    @Test(
        arguments: [
            ("-", .open, .included(.zero)), ("+", .included(.maximum), .open),
            ("5-1", .included(EntryID("5-1")), .included(EntryID("5-1"))),
            ("(5-1", .excluded(EntryID("5-1")), .excluded(EntryID("5-1"))),
            ("2026-01-02", .included(first), .included(last)), ("(2026-01-02", .excluded(last), .excluded(first)),
            ("1767312000000", .included(first), .included(last)),
        ] as [(String, EntryBound, EntryBound)])
    func `a time in a range is all of its millisecond`(text: String, start: EntryBound, end: EntryBound) throws {
        #expect(try EntryBound(start: text) == start)
        #expect(try EntryBound(end: text) == end)
    }

    @Test(
        arguments: [
            ("0", .beginning), ("-", .beginning), ("$", .latest), ("5-1", .after(EntryID("5-1"))),
            ("5", .after(EntryID("5-0"))),
            ("2026-01-02", .after(EntryID(milliseconds: midnight - 1, sequence: .max))),
        ] as [(String, StreamPosition)])
    func `a read goes on behind an id, and begins with a time`(text: String, position: StreamPosition) throws {
        #expect(try StreamPosition(argument: text) == position)
    }

    @Test func `signs of Redis' that do not fit are refused`() {
        #expect(throws: PlaceError.self) { try EntryBound(start: "$") }
        #expect(throws: PlaceError.self) { try EntryBound(end: ">") }
        #expect(throws: PlaceError.self) { try EntryBound(start: "(-") }
        #expect(throws: PlaceError.self) { try StreamPosition(argument: "+") }
        #expect(throws: PlaceError.self) { try StreamPosition(argument: ">") }
        #expect(throws: PlaceError.self) { try GroupReadPlace("$") }
        #expect(throws: PlaceError.self) { try EntryID(entry: "5") }
        #expect(throws: PlaceError.self) { try EntryID(place: "0") }
    }

    @Test(
        arguments: [
            ("*", .automatic), ("5-1", .id(EntryID("5-1"))), ("5", .id(EntryID("5-0"))), ("5-*", .time(5)),
            ("2026-01-02", .time(midnight)),
        ] as [(String, NewEntryID)])
    func `a new id is made by the server, given, or of a time`(text: String, id: NewEntryID) throws {
        #expect(try NewEntryID(text) == id)
    }

    @Test(arguments: ["0", "$", "+", "-*", "x-*", "2026-01-02-*"])
    func `a new id is nothing else`(text: String) {
        #expect(throws: PlaceError.self) { try NewEntryID(text) }
    }
}
