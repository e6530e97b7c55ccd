import Foundation
import RedisStreams
import Testing

/// Values that write their containers by hand, and what other programs wrote.
struct ContainerCodingTests {
    class Animal: Codable {
        var name: String
        init(name: String) { self.name = name }
    }

    final class Dog: Animal {
        var age: Int
        enum Key: CodingKey { case age }

        init(name: String, age: Int) {
            self.age = age
            super.init(name: name)
        }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            age = try container.decode(Int.self, forKey: .age)
            try super.init(from: container.superDecoder())
        }

        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(age, forKey: .age)
            try super.encode(to: container.superEncoder())
        }
    }

    @Test func `a superclass that is encoded apart has a field of its own`() throws {
        let fields = try EntryFields(encoding: Dog(name: "Rex", age: 3))
        #expect(fields == ["age": 3, "super": #"{"name":"Rex"}"#])
        let dog = try fields.decode(Dog.self)
        #expect(dog.name == "Rex" && dog.age == 3)
    }

    struct ByHand: Codable, Equatable {
        var x = 1
        var names = ["12", "b"]
        enum Key: CodingKey { case place, names }
        enum Place: CodingKey { case x, deep }

        init() {}

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            let place = try container.nestedContainer(keyedBy: Place.self, forKey: .place)
            x = try place.decode(Int.self, forKey: .x)
            var deep = try place.nestedUnkeyedContainer(forKey: .deep)
            #expect(deep.count == 2)
            #expect(try deep.decodeNil() && deep.decode(Bool.self) && deep.isAtEnd)
            #expect(throws: DecodingError.self) { try deep.decode(Int.self) }
            var list = try container.nestedUnkeyedContainer(forKey: .names)
            names = [try list.decode(String.self), try list.decode(String.self)]
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            var place = container.nestedContainer(keyedBy: Place.self, forKey: .place)
            var list = container.nestedUnkeyedContainer(forKey: .names)
            // One after the other, though both are open.
            try place.encode(x, forKey: .x)
            try list.encode(names[0])
            var deep = place.nestedUnkeyedContainer(forKey: .deep)
            try list.encode(names[1])
            try deep.encodeNil()
            try deep.encode(true)
        }
    }

    @Test func `containers made by hand are JSON`() throws {
        let fields = try EntryFields(encoding: ByHand())
        #expect(fields == ["place": #"{"deep":[null,true],"x":1}"#, "names": #"["12","b"]"#])
        #expect(try fields.decode(ByHand.self) == ByHand())
    }

    /// A box around a value that has properties.
    @Test func `a value that is coded as another becomes its fields`() throws {
        struct Box<Value: Codable & Equatable>: Codable, Equatable {
            var value: Value
            init(_ value: Value) { self.value = value }
            init(from decoder: any Decoder) throws {
                value = try decoder.singleValueContainer().decode(Value.self)
            }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(value)
            }
        }
        let fields = try EntryFields(encoding: Box(ByHand()))
        #expect(try fields.count == 2 && fields.decode(Box<ByHand>.self) == Box(ByHand()))
        #expect(throws: EncodingError.self) { try EntryFields(encoding: Box(5)) }
        #expect(throws: DecodingError.self) { try fields.decode(Box<Int>.self) }
        #expect(try EntryFields(encoding: ["b": 1]) == ["b": 1])
        #expect(try EntryFields(["a": "1", "b": "2"]).decode([String: Int].self) == ["a": 1, "b": 2])
    }

    enum Colour: String, Codable { case red, one = "1" }

    struct Foreign: Codable, Equatable {
        var colour: Colour?
        var count: Int?
        var share: Double?
        var isOpen: Bool?
        var list: [Int]?
        var id: UUID?
    }

    @Test func `fields of other programs are read as far as they are clear`() throws {
        let fields: EntryFields = [
            "colour": "1", "count": "null", "share": "3", "isOpen": "null", "list": " [1, 2 ,3]\n", "id": "null",
        ]
        #expect(
            try fields.decode(Foreign.self)
                == Foreign(colour: .one, count: nil, share: 3, isOpen: nil, list: [1, 2, 3], id: nil))
        #expect(try EntryFields(["colour": "\"red\""]).decode(Foreign.self).colour == .red)
        for wrong in ["1.5", "x", "", "99999999999999999999"] {
            #expect(throws: DecodingError.self) { try EntryFields(["count": wrong]).decode(Foreign.self) }
        }
    }

    @Test(arguments: [
        "[", "[1", "[1,", "[1,]", "{", "{\"a\"", "{\"a\":", "{\"a\":1,}", "{a:1}", "\"", "\"\\", "\"\\x\"", "\"\\u12\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "[01]", "[1.]", "[.5]", "[1e]", "[-]", "[+1]", "[1 2]", "[tru]", "[1]x",
        "[\"a\nb\"]", "[NaN", String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
        String(repeating: "[", count: 600) + String(repeating: "]", count: 600),
    ])
    func `what is no JSON is refused, and does no harm`(text: String) {
        struct Lists: Codable { var list: Anything }
        struct Texts: Codable { var list: [String] }
        #expect(throws: DecodingError.self) { try EntryFields(["list": text]).decode(Texts.self) }
        // A text of its own for whoever takes any.
        #expect(throws: Never.self) { try EntryFields(["list": text]).decode(Lists.self) }
    }

    @Test func `bytes that are no text are no JSON either`() {
        let fields = EntryFields([(name: Array("list".utf8)[...], value: [0x22, 0xFF, 0x22] as ArraySlice<UInt8>)])
        struct Texts: Codable { var list: [String] }
        struct Boxed: Codable { var list: Anything }
        #expect(throws: DecodingError.self) { try fields.decode(Texts.self) }
        #expect(throws: DecodingError.self) { try fields.decode(Boxed.self) }
    }

    @Test func `escapes and pairs of surrogates are read`() throws {
        struct Texts: Codable, Equatable { var list: [String] }
        let fields: EntryFields = ["list": #"["\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\"]"#]
        #expect(try fields.decode(Texts.self).list == ["é😀/\u{8}\u{C}\n\r\t\"\\"])
    }
}
