import Foundation
import RedisStreams
import Testing

struct EntryCodingTests {
    enum Colour: String, Codable { case red, one = "1" }

    struct Point: Codable, Equatable {
        var x: Int
        var y: Double
    }

    struct Event: Codable, Equatable {
        var name = "a \"quoted\" name"
        var empty = ""
        var count = -3
        var small: UInt8 = 200
        var share = 0.25
        var isOpen = true
        var colour = Colour.one
        var raw: [UInt8] = [0, 255, 13, 10]
        var data = Data([1, 2])
        var at = Date(timeIntervalSince1970: 1_514_764_800.123)
        var point: Point? = Point(x: 1, y: 2.5)
        var missing: Int?
        var tags = ["a", "b"]
    }

    @Test func `every property is a field that people can read, in their order`() throws {
        let fields = try EntryFields(encoding: Event())
        let expected: EntryFields = [
            "name": "a \"quoted\" name", "empty": "", "count": "-3", "small": "200", "share": "0.25", "isOpen": "true",
            "colour": "\"1\"", "raw": [0, 255, 13, 10] as [UInt8], "data": [1, 2] as [UInt8], "at": "1514764800123",
            "point": #"{"x":1,"y":2.5}"#, "tags": #"["a","b"]"#,
        ]
        #expect(fields == expected)
    }

    @Test func `what was encoded is decoded alike`() throws {
        let event = Event()
        #expect(try EntryFields(encoding: event).decode(Event.self) == event)
        #expect(try StreamEntry(id: .zero, fields: EntryFields(encoding: event)).decode(Event.self) == event)
    }

    @Test func `of fields with one name the first counts, and others do not matter`() throws {
        let fields: EntryFields = ["y": 1, "x": 1, "x": 2, "z": "?"]
        #expect(try fields.decode(Point.self) == Point(x: 1, y: 1))
    }

    @Test func `a field that is missing or wrong is named`() {
        func complaint(_ fields: EntryFields) -> String {
            do {
                _ = try fields.decode(Point.self)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(complaint(["y": 1]).contains("the entry has no field x"))
        #expect(complaint(["x": "one", "y": 1]).contains("the field x is no Int"))
    }

    @Test(arguments: [
        "-9223372036854775808.5", "9223372036854775807.5", "-9223372036854775808", "99999999999999999999.5", "1e400",
        "-1e400", "1e99999999999999999999", "1e-99999999999999999999", String(repeating: "9", count: 1000),
        "0.\(String(repeating: "0", count: 1000))1",
    ])
    func `a number that is too large for its property does no harm`(text: String) throws {
        struct Whole: Decodable { var value: Int }
        struct Number: Decodable { var value: Double }
        struct Short: Decodable { var value: Float }
        struct Price: Decodable { var value: Decimal }
        struct Moment: Decodable { var value: Date }
        let fields: EntryFields = ["value": text]
        if Int(text) == nil { #expect(throws: DecodingError.self) { try fields.decode(Whole.self) } }
        #expect(try fields.decode(Number.self).value == Double(text))
        #expect(try fields.decode(Short.self).value == Float(text))
        let moment = try fields.decode(Moment.self).value
        #expect(moment.timeIntervalSince1970 == Double(text).map { $0 / 1000 })
        // What a `Decimal` takes is Foundation's to say.
        _ = try? fields.decode(Price.self)
    }

    @Test func `what has no named properties is refused, not dropped`() {
        #expect(throws: EncodingError.self) { try EntryFields(encoding: [1, 2]) }
        #expect(throws: EncodingError.self) { try EntryFields(encoding: "text") }
        #expect(throws: DecodingError.self) { try EntryFields(["x": "1"]).decode(Int.self) }
    }
}
