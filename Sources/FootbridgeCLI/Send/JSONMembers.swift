/// The members of a JSON object as they are written, in their order: names and string values with their quotes.
///
/// For text that a JSON parser has accepted: this only finds where each member begins and ends. Foundation's parser keeps
/// neither order nor spelling nor repeated names.
struct JSONMembers: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var place: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        place = (bytes.firstIndex(of: UInt8(ascii: "{")) ?? bytes.endIndex - 1) + 1
    }

    mutating func next() -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)? {
        skip(" \t\r\n,")
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { return nil }
        let name = value()
        skip(" \t\r\n:")
        return (name, value())
    }

    private mutating func skip(_ characters: StaticString) {
        while place < bytes.count, characters.contains(bytes[place]) { place += 1 }
    }

    /// From here to the comma or bracket that ends the value.
    private mutating func value() -> ArraySlice<UInt8> {
        let start = place
        var depth = 0
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                skipString()
                if depth == 0 { return bytes[start..<place] }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}") where depth == 0, UInt8(ascii: ",") where depth == 0: return trimmed(start)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            place += 1
        }
        return trimmed(start)
    }

    private mutating func skipString() {
        place += 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        place = Swift.min(place + 1, bytes.count)
    }

    private func trimmed(_ start: Int) -> ArraySlice<UInt8> {
        let value = bytes[start..<place]
        let end = value.lastIndex { !(" \t\r\n" as StaticString).contains($0) } ?? start
        return bytes[start..<Swift.min(end + 1, place)]
    }
}

extension StaticString {
    fileprivate func contains(_ byte: UInt8) -> Bool { withUTF8Buffer { $0.contains(byte) } }
}
