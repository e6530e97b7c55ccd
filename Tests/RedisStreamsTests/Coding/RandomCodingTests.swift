import Foundation
import RedisStreams
import Testing

/// Values of every kind go into an entry and come back as they were; drawn at random, from a seed that is told.
struct RandomCodingTests {
    enum Colour: String, Codable, CaseIterable {
        case red, number = "1", truth = "true", quoted = "\"x\"", none = "", null
    }

    enum Shape: Codable, Equatable {
        case point
        case circle(radius: Double)
        case named(String, count: Int)
    }

    struct Inner: Codable, Equatable {
        var text: String
        var number: Double
        var float: Float
        var data: Data
        var bytes: [UInt8]
        var at: Date
        var url: URL
        var price: Decimal
        var maybe: String?
        var shape: Shape
        var anything: Anything
    }

    struct Outer: Codable, Equatable {
        var text: String
        var isOpen: Bool
        var int: Int
        var i8: Int8
        var i16: Int16
        var i32: Int32
        var i64: Int64
        var uint: UInt
        var u8: UInt8
        var u16: UInt16
        var u32: UInt32
        var u64: UInt64
        var float: Float
        var double: Double
        var at: Date
        var data: Data
        var bytes: [UInt8]
        var id: UUID
        var entry: EntryID
        var url: URL
        var price: Decimal
        var colour: Colour
        var shape: Shape
        var inner: Inner
        var list: [String]
        var inners: [Inner]
        var table: [String: Int?]
        var numbered: [Int: Colour]
        var maybeText: String?
        var maybeNumber: Int16?
        var maybeData: Data?
        var maybeDate: Date?
        var maybeColour: Colour?
        var maybeInner: Inner?
        var anything: Anything
        var maybeAnything: Anything?
    }

    @Test(arguments: 0..<20) func `every value comes back as it was`(seed: UInt64) throws {
        var random = SeededRandom(seed)
        for number in 0..<200 {
            let value = random.outer()
            let fields = try EntryFields(encoding: value)
            let decoded = try fields.decode(Outer.self)
            #expect(decoded == value, "seed \(seed), number \(number): \(fields)")
            guard decoded == value else { return }
            #expect(try EntryFields(encoding: decoded) == fields)
        }
    }

    /// A fast path for each kind would not be met by properties that are encoded through an optional.
    @Test func `optionals that are encoded by hand come back, too`() throws {
        struct ByHand: Codable, Equatable {
            var text: String?
            var data: Data?
            var colour: Colour?
            enum Key: CodingKey { case text, data, colour }
            init(_ text: String?, _ data: Data?, _ colour: Colour?) {
                (self.text, self.data, self.colour) = (text, data, colour)
            }
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Key.self)
                text = try container.decodeIfPresent(String.self, forKey: .text)
                data = try container.decode(Data?.self, forKey: .data)
                colour = try container.decode(Colour?.self, forKey: .colour)
            }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                try container.encode(text, forKey: .text)
                try container.encode(data, forKey: .data)
                try container.encode(colour, forKey: .colour)
            }
        }
        for text in SeededRandom.texts + [nil] {
            for colour in Colour.allCases + [nil] {
                let value = ByHand(text, text.map { Data($0.utf8) }, colour)
                let fields = try EntryFields(encoding: value)
                #expect(fields.count == (text == nil ? 0 : 2) + (colour == nil ? 0 : 1))
                #expect(try fields.decode(ByHand.self) == value, "\(fields)")
            }
        }
    }

    @Test func `dates lose nothing`() throws {
        struct At: Codable, Equatable { var at: Date }
        var random = SeededRandom(1)
        for _ in 0..<5000 {
            let value = At(at: random.date())
            let fields = try EntryFields(encoding: value)
            #expect(try fields.decode(At.self) == value, "\(fields) \(value.at.timeIntervalSinceReferenceDate)")
            let ms = Int64.random(in: -4_000_000_000_000...4_000_000_000_000, using: &random)
            let whole = At(at: Date(timeIntervalSince1970: Double(ms) / 1000))
            #expect(try EntryFields(encoding: whole) == ["at": ms])
        }
        #expect(try EntryFields(["at": "-1.5"]).decode(At.self).at == Date(timeIntervalSince1970: -0.0015))
        #expect(try EntryFields(["at": "1.5e3"]).decode(At.self).at == Date(timeIntervalSince1970: 1.5))
        for wrong in ["", "-", ".", "x", "2018-01-01", "1.2.3"] {
            #expect(throws: DecodingError.self, "\(wrong)") { try EntryFields(["at": wrong]).decode(At.self) }
        }
    }
}
