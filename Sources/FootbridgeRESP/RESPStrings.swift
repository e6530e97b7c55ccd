/// Byte strings in a buffer that they share, such as the fields of an entry in the reply that brought them.
///
/// Sixteen bytes each beside the buffer, and one reference to it for all: a slice of its own for each would take more than
/// twice that, and counting references as long as the rest of the reading.
public struct RESPStrings: Sendable {
    private struct Place {
        let start: Int
        let count: Int
    }

    private let buffer: [UInt8]
    private let places: [Place]

    /// Strings that follow one another without a gap, the first at the buffer's beginning.
    ///
    /// - Parameter ends: where each ends; ascending, the last at the buffer's end at most.
    public init(_ buffer: [UInt8], ends: [Int]) {
        self.buffer = buffer
        var start = 0
        places = ends.map { end in
            defer { start = end }
            return Place(start: start, count: end - start)
        }
    }

    /// The strings of tokens that follow one another in a reply; `nil` if one is anything else.
    init?(_ tokens: Span<ReplyToken>, of buffer: [UInt8], from start: Int) {
        var index = 0
        while index < tokens.count {
            guard tokens[index].type == .bulkString else { return nil }
            index += 1
        }
        self.buffer = buffer
        places = Array(unsafeUninitializedCapacity: tokens.count) { places, initialized in
            while initialized < tokens.count {
                let token = tokens[initialized]
                places.initializeElement(
                    at: initialized, to: Place(start: start + Int(token.value), count: token.count))
                initialized += 1
            }
        }
    }

    /// All strings as pointers, which are valid during the call.
    public func withUnsafeStrings<Result>(
        _ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Result
    ) -> Result {
        buffer.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: count) { strings in
                for (index, place) in places.enumerated() {
                    strings.initializeElement(
                        at: index,
                        to: UnsafeRawBufferPointer(rebasing: bytes[place.start..<place.start + place.count]))
                }
                return body(UnsafeBufferPointer(strings))
            }
        }
    }

    /// The same strings in a buffer that holds nothing else.
    public func compacted() -> RESPStrings {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        var ends: [Int] = []
        ends.reserveCapacity(places.count)
        buffer.withUnsafeBytes { source in
            for place in places {
                bytes.append(contentsOf: source[place.start..<place.start + place.count])
                ends.append(bytes.count)
            }
        }
        return RESPStrings(bytes, ends: ends)
    }

    /// The size of the buffer, which each of them keeps alive.
    public var bufferBytes: Int { buffer.capacity }

    /// Of all together.
    public var byteCount: Int { places.reduce(0) { $0 + $1.count } }
}

extension RESPStrings: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { places.count }

    public subscript(index: Int) -> ArraySlice<UInt8> {
        let place = places[index]
        return buffer[place.start..<place.start + place.count]
    }
}
