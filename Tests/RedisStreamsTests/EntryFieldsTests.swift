import FootbridgeRESP
import Testing

@testable import RedisStreams

struct EntryFieldsTests {
    private let fields: EntryFields = EntryFields(["a": "1", "b": "", "a": "2", "": "x"])

    private func pairs(_ fields: some Sequence<EntryFields.Element>) -> [[String]] {
        fields.map { [String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self)] }
    }

    @Test func `pairs keep their order, repeated and empty ones too`() {
        #expect(pairs(fields) == [["a", "1"], ["b", ""], ["a", "2"], ["", "x"]])
        #expect(fields.count == 4)
        #expect(pairs(fields.reversed()).first == ["", "x"])
        #expect(pairs(fields[1...2]) == [["b", ""], ["a", "2"]])
    }

    @Test func `a name finds its first value`() {
        #expect(fields["a"] == Array("1".utf8)[...])
        #expect(fields["b"] == [])
        #expect(fields[""] == Array("x".utf8)[...])
        #expect(fields["missing"] == nil)
    }

    @Test func `halves of a pair`() {
        #expect((0..<4).map { String(decoding: fields[$0].name, as: UTF8.self) } == ["a", "b", "a", ""])
        #expect((0..<4).map { String(decoding: fields[$0].value, as: UTF8.self) } == ["1", "", "2", "x"])
    }

    @Test func `bytes need not be text`() {
        let bytes: ArraySlice<UInt8> = [0, 255, 13, 10]
        let fields = EntryFields([(name: bytes, value: bytes)])
        #expect(fields[0].name == bytes && fields[0].value == bytes)
        #expect(fields["\u{0}"] == nil)
    }

    @Test func `none are none`() {
        let none: EntryFields = EntryFields([:])
        #expect(none.isEmpty && none.first == nil && none["a"] == nil)
        #expect(EntryFields(flat: []) == none)
    }

    @Test func `what is no even number of strings is refused`() {
        let text = RESPValue.bulkString([1])
        #expect(EntryFields(flat: [text]) == nil)
        #expect(EntryFields(flat: [text, .integer(1)]) == nil)
        #expect(EntryFields(flat: [text, .null]) == nil)
        #expect(EntryFields(flat: [text, text])?.count == 1)
    }
}
