import FootbridgeRESP
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
            .array(RESPArray(elements)), .set(elements), .map(elements), .push(elements), .null, .bulk("a"),
        ]
        #expect(aggregates.map { $0.elements.map(Array.init) } == [elements, elements, elements, elements, nil, nil])
    }

    @Test func `a named value is found in RESP2 and in RESP3`() {
        let pairs: [RESPValue] = [.bulk("name"), .bulk("pending"), .bulk("pending"), .integer(2), .simple("odd")]
        for value in [RESPValue.array(RESPArray(pairs)), .map(pairs)] {
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
        let string = RESPValue.bulkString(Array(repeating: 0x61, count: 1 << 20)[...])
        let large = RESPValue.array(RESPArray(Array(repeating: string, count: 100)))
        #expect(large.description == "[\"" + String(repeating: "a", count: 198) + "…")
    }
}

/// Arrays of strings are kept in another way than arrays of anything.
struct RESPArrayTests {
    private let wire = "*3\r\n$1\r\na\r\n$0\r\n\r\n$2\r\nbc\r\n"
    private let values: [RESPValue] = [.bulk("a"), .bulk(""), .bulk("bc")]

    private func read(_ text: String) throws -> RESPArray {
        try #require(RESPDecoder.decode(text).values.first?.elements)
    }

    @Test func `an array of strings is what the same values make`() throws {
        let array = try read(wire)
        #expect(Array(array) == values)
        #expect(array == RESPArray(values) && RESPArray(values) == array)
        #expect(Set([array, RESPArray(values)]).count == 1)
        #expect(array != RESPArray(values.dropLast()) && array != RESPArray(values.reversed()))
    }

    @Test(arguments: ["*2\r\n$1\r\na\r\n:1\r\n", "*2\r\n$1\r\na\r\n$-1\r\n", "*2\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n"])
    func `an array with anything else has no strings`(text: String) throws {
        let array = try read(text)
        #expect(array.count == 2 && array[0] == .bulk("a"))
        #expect(array.strings == nil)
    }

    /// Read from a reply, behind another one in the same buffer; and made of values.
    @Test func `strings are found where they are`() throws {
        let replies = RESPDecoder.decode("+OK\r\n*2\r\n:7\r\n" + wire).values
        let read = try #require(replies.last?.elements?[1].elements)
        for array in [read, RESPArray(values)] {
            let strings = try #require(array.strings)
            #expect(strings.map { Array($0) } == [[0x61], [], [0x62, 0x63]])
            #expect(strings.byteCount == 3)
            #expect(strings.withUnsafeStrings { $0.map { Array($0) } } == strings.map { Array($0) })
        }
        #expect(try #require(RESPArray([]).strings).isEmpty)
    }

    /// Of a stream's reply: ids and fields, also none; in a reply that has something else around them.
    @Test func `an entry is its id and its fields, and two elements like any others`() throws {
        let text =
            "*1\r\n*2\r\n$1\r\ns\r\n*2\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n*2\r\n$3\r\n2-0\r\n*0\r\n"
        let replies = RESPDecoder.decode("+OK\r\n" + text).values
        let rows = try #require(replies.last?.elements?[0].elements?[1].elements)
        let fields: [[RESPValue]] = [[.bulk("a"), .bulk("")], []]
        #expect(rows.count == 2)
        for (number, row) in rows.enumerated() {
            let array = try #require(row.elements)
            let values: [RESPValue] = [.bulk("\(number + 1)-0"), .array(RESPArray(fields[number]))]
            #expect(Array(array) == values)
            #expect(array.strings == nil)
            for array in [array, RESPArray(values)] {
                let entry = try #require(array.entry)
                #expect(Array(entry.id) == Array("\(number + 1)-0".utf8))
                #expect(entry.fields.map { Array($0) } == fields[number].map { Array($0.bytes ?? []) })
            }
        }
    }

    @Test(arguments: [
        "*2\r\n$1\r\na\r\n*1\r\n:1\r\n", "*2\r\n$1\r\na\r\n*-1\r\n", "*2\r\n$1\r\na\r\n*1\r\n*1\r\n$1\r\nb\r\n",
        "*3\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n$1\r\nc\r\n", "*1\r\n$1\r\na\r\n", "*2\r\n:1\r\n*1\r\n$1\r\nb\r\n",
    ])
    func `anything else is no entry`(text: String) throws {
        let array = try read(text)
        #expect(array.entry == nil)
    }

    @Test func `a name is looked for among names only`() {
        let strings = RESPStrings(Array("abxby".utf8), ends: [1, 2, 3, 4, 5, 5])
        func first(_ name: String) -> Int? {
            var name = name
            return name.withUTF8 { strings.firstName($0) }
        }
        // a: b, x: b, y: (nothing)
        #expect(first("a") == 0 && first("x") == 2 && first("y") == 4)
        #expect(first("b") == nil && first("") == nil && first("ab") == nil)
    }
}
