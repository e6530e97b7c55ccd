import Testing

@testable import RedisStreams

struct EntryIDTests {
    private static let last = UInt64.max

    /// The form is that of <https://redis.io/docs/latest/develop/data-types/streams/#entry-ids>.
    @Test(arguments: [
        ("0-0", 0, 0), ("1526919030474-55", 1_526_919_030_474, 55), ("5", 5, 0), ("007-01", 7, 1),
        ("18446744073709551615-18446744073709551615", last, last), ("18446744073709551615", last, 0),
    ])
    func `an id is two numbers, or one`(text: String, milliseconds: UInt64, sequence: UInt64) {
        let id = EntryID(milliseconds: milliseconds, sequence: sequence)
        #expect(EntryID(text) == id)
        #expect(EntryID(bytes: text.utf8) == id)
    }

    @Test(arguments: [
        "", "-", "1-", "-1", "--1", "1--1", "1-2-3", " 1-1", "1-1 ", "1 -1", "+1-1", "1-+1", "1-*", "*", "$", ">",
        "(1-1",
        "0x1-1", "1.5-1", "١-١", "1\u{0}-1", "18446744073709551616-0", "0-18446744073709551616",
        "99999999999999999999999-0",
    ])
    func `what is none is refused`(text: String) {
        #expect(EntryID(text) == nil)
    }

    @Test(arguments: ["0-0", "1526919030474-55", "18446744073709551615-18446744073709551615"])
    func `an id is written as the server writes it`(text: String) {
        #expect(EntryID(text)?.description == text)
    }

    @Test func `ids are ordered as numbers, by time and then by sequence`() {
        let sorted: [EntryID] = ["0-0", "0-1", "1-0", "9-0", "9-9", "9-10", "10-0", "10-2", "18446744073709551615-0"]
        #expect(sorted.reversed().sorted() == sorted)
        #expect(EntryID.zero == "0-0" && EntryID.zero < sorted[1] && sorted[8] < .maximum)
    }

    @Test(
        arguments: [
            ("0-0", "0-1"), ("5-9", "5-10"), ("5-18446744073709551615", "6-0"),
            ("18446744073709551615-18446744073709551614", "18446744073709551615-18446744073709551615"),
        ] as [(EntryID, EntryID)])
    func `the successor is the next id there is`(id: EntryID, next: EntryID) {
        #expect(id.successor == next)
        #expect(id < next)
    }

    @Test func `nothing comes after the highest id`() {
        #expect(EntryID.maximum.successor == nil)
    }
}
