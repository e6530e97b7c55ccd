import RESP
import Testing

struct RESPValueTests {
    @Test(
        arguments: [
            (.simple("OK"), "OK"), (.bulk("é"), "é"), (.verbatim("txt", "a"), "a"), (.big("12"), "12"),
            (.bulkString([0xFF]), nil), (.integer(1), nil), (.failure("ERR"), nil), (.null, nil), (.array([]), nil),
        ] as [(RESPValue, String?)])
    func `text is what strings hold, if it is UTF-8`(value: RESPValue, text: String?) {
        #expect(value.text == text)
    }

    @Test(
        arguments: [
            (.integer(-5), -5), (.bulk("2"), 2), (.simple("-2"), -2), (.big("7"), 7), (.bulk(""), nil),
            (.bulk("2 "), nil),
            (.bulk("9223372036854775808"), nil), (.boolean(true), nil), (.null, nil), (.double(1), nil),
        ] as [(RESPValue, Int64?)])
    func `integer reads numbers and strings of digits`(value: RESPValue, integer: Int64?) {
        #expect(value.integer == integer)
    }

    @Test func `elements are those of any aggregate`() {
        let elements: [RESPValue] = [.integer(1), .null]
        let aggregates: [RESPValue] = [
            .array(elements), .set(elements), .map(elements), .push(elements), .null, .bulk("a"),
        ]
        #expect(aggregates.map(\.elements) == [elements, elements, elements, elements, nil, nil])
    }

    @Test func `a named value is found in RESP2 and in RESP3`() {
        let pairs: [RESPValue] = [.bulk("name"), .bulk("pending"), .bulk("pending"), .integer(2), .simple("odd")]
        for value in [RESPValue.array(pairs), .map(pairs)] {
            #expect(value.value(named: "name") == .bulk("pending"))
            #expect(value.value(named: "pending") == .integer(2))
            #expect(value.value(named: "odd") == nil)
            #expect(value.value(named: "nam") == nil)
        }
        #expect(RESPValue.null.value(named: "name") == nil)
    }

    @Test func `the description shows every type`() {
        let value = RESPValue.array([
            .null, .boolean(true), .integer(-1), .double(1.5), .big("9"), .simple("OK"),
            .bulkString([0x00, 0x22, 0xFF]),
            .verbatim("txt", "v"), .failure("ERR no"), .set([]), .map([.bulk("k"), .integer(1)]), .push([.null]),
        ])
        #expect(
            value.description
                == #"[null, true, -1, 1.5, big "9", "OK", "\x00\"\xff", "v", error "ERR no", set [], {"k": 1}, push [null]]"#
        )
    }

    @Test func `the description of a large value is short`() {
        let large = RESPValue.array(
            Array(repeating: .bulkString(Array(repeating: 0x61, count: 1 << 20)[...]), count: 100))
        #expect(large.description == "[\"" + String(repeating: "a", count: 198) + "…")
    }
}
