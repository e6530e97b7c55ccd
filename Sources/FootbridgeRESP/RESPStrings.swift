#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Byte strings in a buffer that they share, such as the fields of an entry in the reply that brought them.
///
/// They share the list of their places, too: what is read holds one reference to both, and making the strings of an entry allocates
/// nothing. Sixteen bytes each beside the buffer; a slice of its own for each would take more than twice that.
public struct RESPStrings: Sendable {
    struct Place {
        let start: Int
        let count: Int
    }

    /// A buffer, and where in it the strings are of which some are ours.
    final class Source: Sendable {
        let buffer: [UInt8]
        let places: [Place]

        init(_ buffer: [UInt8], _ places: [Place]) {
            self.buffer = buffer
            self.places = places
        }
    }

    private let source: Source
    /// Where ours begin among the places of the source.
    private let first: Int
    public let count: Int

    init(_ source: Source, _ range: Range<Int>) {
        self.source = source
        first = range.lowerBound
        count = range.count
    }

    /// Strings that follow one another without a gap, the first at the buffer's beginning.
    ///
    /// - Parameter ends: where each ends; ascending, the last at the buffer's end at most.
    public init(_ buffer: [UInt8], ends: [Int]) {
        var start = 0
        let places = ends.map { end in
            defer { start = end }
            return Place(start: start, count: end - start)
        }
        self.init(Source(buffer, places), 0..<places.count)
    }

    /// Strings that are made one after the other.
    public struct Builder {
        /// All strings so far, and then what has been appended of the next.
        public var bytes: [UInt8] = []
        private var places: [Place] = []
        private var start = 0

        /// With room for so many, of some bytes each.
        public init(count: Int) {
            bytes.reserveCapacity(16 * count)
            places.reserveCapacity(count)
        }

        /// What was appended since the string before is a string.
        public mutating func endString() {
            places.append(Place(start: start, count: bytes.count - start))
            start = bytes.count
        }

        public var strings: RESPStrings { RESPStrings(Source(bytes, places), 0..<places.count) }
    }

    private var places: ArraySlice<Place> { source.places[first..<first + count] }

    /// All strings as pointers, which are valid during the call.
    @inlinable
    public func withUnsafeStrings<Result>(
        _ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Result
    ) -> Result {
        // Not generic below, for this is the path of every entry, and callers are in other modules.
        var result: Result?
        visit { result = body($0) }
        return result!
    }

    @usableFromInline
    func visit(_ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Void) {
        source.buffer.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: count) { strings in
                for index in 0..<count {
                    let place = source.places[first + index]
                    strings.initializeElement(
                        at: index,
                        to: UnsafeRawBufferPointer(rebasing: bytes[place.start..<place.start + place.count]))
                }
                body(UnsafeBufferPointer(strings))
            }
        }
    }

    /// The first string at an even place that is this one: of names and values in turn, where the name is.
    public func firstName(_ wanted: UnsafeBufferPointer<UInt8>) -> Int? {
        source.buffer.withUnsafeBytes { bytes in
            var index = 0
            while index + 1 < count {
                let place = source.places[first + index]
                if place.count == wanted.count,
                    place.count == 0
                        || memcmp(bytes.baseAddress! + place.start, wanted.baseAddress!, place.count) == 0
                {
                    return index
                }
                index += 2
            }
            return nil
        }
    }

    /// The same strings in a buffer that holds nothing else.
    public func compacted() -> RESPStrings {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        var ends: [Int] = []
        ends.reserveCapacity(places.count)
        source.buffer.withUnsafeBytes { source in
            for place in places {
                bytes.append(contentsOf: source[place.start..<place.start + place.count])
                ends.append(bytes.count)
            }
        }
        return RESPStrings(bytes, ends: ends)
    }

    /// What each of them keeps alive: the buffer, and the places of all that is in it.
    public var bufferBytes: Int { source.buffer.capacity + source.places.count * MemoryLayout<Place>.stride }

    /// Of all together.
    public var byteCount: Int { places.reduce(0) { $0 + $1.count } }
}

extension RESPStrings: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(index: Int) -> ArraySlice<UInt8> {
        precondition(index >= 0 && index < count)
        return string(at: first + index)
    }

    private func string(at place: Int) -> ArraySlice<UInt8> {
        let place = source.places[place]
        return source.buffer[place.start..<place.start + place.count]
    }

    /// In the reply to a read: the string that stands before the array that holds these, the id of the entry whose fields they are.
    var before: ArraySlice<UInt8> { string(at: first - 2) }
}
