import Foundation
import Testing

@testable import RedisStreams

struct ValuesTests {
    @Test func `an id is text in JSON, and can be read from a description`() throws {
        let ids: [EntryID] = ["5-1", .maximum, .zero]
        let json = try JSONEncoder().encode(ids)
        #expect(String(decoding: json, as: UTF8.self) == #"["5-1","18446744073709551615-18446744073709551615","0-0"]"#)
        #expect(try JSONDecoder().decode([EntryID].self, from: json) == ids)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([EntryID].self, from: Data(#"["5-x"]"#.utf8)) }
        #expect(ids.map { EntryID($0.description) } == ids)
        func read<Value: LosslessStringConvertible>(_ text: String, as type: Value.Type) -> Value? { Value(text) }
        #expect(read("5-1", as: EntryID.self) == "5-1" && read("five", as: EntryID.self) == nil)
    }

    @Test func `a literal that is no id ends the process`() async {
        await #expect(processExitsWith: .failure) { _ = EntryID("five") }
        await #expect(processExitsWith: .success) { _ = EntryID("5") }
    }

    @Test func `the predecessor is the id before`() {
        let pairs: [(EntryID, EntryID?)] = [
            ("5-1", "5-0"), ("5-0", "4-18446744073709551615"), ("0-1", "0-0"), ("0-0", nil),
        ]
        for (id, before) in pairs {
            #expect(id.predecessor == before)
            if let before { #expect(before.successor == id) }
        }
    }

    @Test func `messages of two streams with one id are told apart by their places`() {
        let messages = ["a", "b", "a"].map { Message(stream: $0, id: "5-0", fields: ["n": 1]) }
        #expect(Set(messages).count == 2)
        #expect(Set(messages.map(\.id)).count == 1)
        #expect(Set(messages.map(\.place)).count == 2)
        #expect(messages[1].place.description == "b 5-0")
    }

    /// Names and values that make the same bytes in a row are not the same fields.
    @Test func `equal fields have equal hashes, and fields are cut where they are cut`() {
        let fields: EntryFields = ["ab": "c", "d": ""]
        #expect(fields.hashValue == EntryFields(Array(fields)).hashValue)
        #expect(Set<EntryFields>([fields, ["a": "bc", "d": ""], ["ab": "c"], ["ab": "c", "d": ""]]).count == 3)
        #expect(Set([StreamEntry(id: "1-0", fields: fields), StreamEntry(id: "2-0", fields: fields)]).count == 2)
    }

    @Test func `a dictionary's fields are in the order of their names, a literal's as written`() {
        let dictionary = ["c": "3", "a": "1", "b": "2"]
        #expect(EntryFields(dictionary) == ["a": "1", "b": "2", "c": "3"])
        #expect(EntryFields(["n": 1]) == ["n": "1"])
        let literal: EntryFields = ["c": "3", "a": "1"]
        #expect(literal.map { String(decoding: $0.name, as: UTF8.self) } == ["c", "a"])
        #expect(EntryFields(["c": "3", "a": "1"]) == literal)
    }

    @Test func `what can be an argument`() {
        enum Colour: String, RedisArgument { case red }
        let arguments: [(any RedisArgument, String)] = [
            ("é", "é"), ("text".dropFirst(), "ext"), (Array("ab".utf8), "ab"), (Array("ab".utf8)[1...], "b"),
            (Data("ab".utf8), "ab"), (Data("abc".utf8)[1...], "bc"), (-5, "-5"), (UInt8.max, "255"), (Int8.min, "-128"),
            (UInt64.max, "18446744073709551615"), (0.1, "0.1"), (Float(0.1), "0.1"), (Double.infinity, "inf"),
            (1e300, "1e+300"), (true, "true"), (false, "false"), ("5-1" as EntryID, "5-1"), (StreamName("s"), "s"),
            (Colour.red, "red"),
        ]
        for (argument, text) in arguments {
            var bytes: [UInt8] = [UInt8(ascii: ">")]
            argument.appendBytes(to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == ">" + text)
        }
    }

    @Test func `waiting is written in seconds and milliseconds`() {
        #expect(Waiting.seconds(5) == .upTo(.seconds(5)))
        #expect(Waiting.seconds(0.25) == .upTo(.milliseconds(250)))
        #expect(Waiting.milliseconds(7) == .upTo(.milliseconds(7)))
        #expect(Waiting.seconds(.infinity) == .upTo(.seconds(3_155_760_000)))
        #expect(Waiting.seconds(.nan) == .upTo(.zero) && Waiting.seconds(-1.5) == .upTo(.zero))
        #expect(Waiting.seconds(Int.max) != .no && Waiting.milliseconds(.min) != .no)
    }

    @Test func `a range that nothing can be in is empty`() {
        func isEmpty(_ from: EntryBound, _ to: EntryBound) -> Bool { EntryInterval(from: from, to: to).isEmpty }
        #expect(isEmpty(.included("5-1"), .included("5-0")) && !isEmpty(.included("5-1"), .included("5-1")))
        #expect(isEmpty(.included("5-1"), .excluded("5-1")) && isEmpty(.excluded("5-1"), .included("5-1")))
        #expect(isEmpty(.excluded("5-1"), .excluded("5-2")) && !isEmpty(.excluded("5-1"), .excluded("5-3")))
        #expect(isEmpty(.excluded(.maximum), .open) && isEmpty(.open, .excluded(.zero)))
        #expect(!isEmpty(.open, .open) && !isEmpty(.included(.maximum), .open) && !isEmpty(.open, .included(.zero)))
        let (early, late) = (Date(timeIntervalSince1970: 1), Date(timeIntervalSince1970: 2))
        #expect((late...early).isEmpty && (early..<early).isEmpty && !(early...early).isEmpty)
    }
}
