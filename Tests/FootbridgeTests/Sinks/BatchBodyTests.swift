import Testing

@testable import Footbridge

struct BatchBodyTests {
    private func made(
        _ values: [String], _ format: BatchConfig.Format, maximumBytes: Int = 1024, isJSON: Bool = false
    ) throws -> (text: String, fits: [Bool], id: String) {
        var body = BatchBody(BatchConfig(format: format, maximumBytes: maximumBytes), isJSON: isJSON)
        let fits = try values.map { value in
            try body.add(id: Array("msg_\(value)".utf8)) { $0.append(contentsOf: value.utf8) }
        }
        var id: [UInt8] = []
        try body.finish(&id)
        return (String(decoding: body.bytes, as: UTF8.self), fits, String(decoding: id, as: UTF8.self))
    }

    @Test func `an array, or lines`() throws {
        #expect(try made(["1", #"{"a":2}"#], .array).text == #"[1,{"a":2}]"#)
        #expect(try made(["1"], .array).text == "[1]")
        #expect(try made(["1", "{\"a\":\r\n2}"], .ndjson).text == "1\n{\"a\":  2}\n")
    }

    @Test func `what does not fit leaves nothing behind, and the first always fits`() throws {
        #expect(try made(["11", "22", "33"], .array, maximumBytes: 8) == ("[11,22]", [true, true, false]))
        #expect(try made(["11", "22", "33"], .array, maximumBytes: 7) == ("[11,22]", [true, true, false]))
        #expect(try made(["11", "22"], .array, maximumBytes: 6) == ("[11]", [true, false]))
        #expect(try made(["11", "22", "3"], .ndjson, maximumBytes: 6) == ("11\n22\n", [true, true, false]))
        #expect(try made(["11", "22"], .ndjson, maximumBytes: 5) == ("11\n", [true, false]))
        #expect(try made(["12345678", "2"], .array, maximumBytes: 4) == ("[12345678]", [true, false]))
    }

    @Test func `bytes that are not JSON are no part of it, and the others stay`() throws {
        var body = BatchBody(BatchConfig(format: .array), isJSON: false)
        #expect(try body.add(id: [1]) { $0.append(contentsOf: "1".utf8) })
        let error = #expect(throws: UnmakeableRequest.self) {
            try body.add(id: [2]) { $0.append(contentsOf: "1,2".utf8) }
        }
        #expect(error?.description == "is no JSON, and cannot be part of a batch")
        #expect(throws: UnmakeableRequest.self) {
            try body.add(id: [3]) { bytes throws(UnmakeableRequest) in
                bytes.append(contentsOf: "half".utf8)
                throw UnmakeableRequest(description: "no field")
            }
        }
        #expect(try body.add(id: [4]) { $0.append(contentsOf: "4".utf8) })
        #expect(body.count == 2)
        var id: [UInt8] = []
        try body.finish(&id)
        #expect(body.bytes == Array("[1,4]".utf8))
    }

    /// `printf msg_1msg_2 | sha256sum`
    @Test func `the id is of just these entries in this order`() throws {
        let id = try made(["1", "2"], .array).id
        #expect(id == "msg_2cd06dda3863d694b5fb6a9407069baa")
        #expect(try made(["1", "2"], .ndjson).id == id)
        #expect(try made(["2", "1"], .array).id != id)
        #expect(try made(["1"], .array).id != id)
    }

    @Test func `it can be used again`() throws {
        var body = BatchBody(BatchConfig(), isJSON: true)
        var id: [UInt8] = []
        #expect(try body.add(id: [1]) { $0.append(contentsOf: "1".utf8) })
        try body.finish(&id)
        body.removeAll()
        #expect(body.count == 0)
        #expect(try body.add(id: [1]) { $0.append(contentsOf: "2".utf8) })
        var other: [UInt8] = []
        try body.finish(&other)
        #expect(body.bytes == Array("[2]".utf8) && other == id)
    }
}

private func == (left: (text: String, fits: [Bool], id: String), right: (String, [Bool])) -> Bool {
    left.text == right.0 && left.fits == right.1
}
