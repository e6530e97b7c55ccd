/// Spans that wait to be sent, written already: a request of OTLP without its end.
struct SpanBuffer {
    private let head: [UInt8]
    private(set) var bytes: [UInt8]
    private(set) var count = 0

    /// So much of a collector's answer may be awaited without losing a span: some thousand of them.
    static let limitBytes = 2 << 20
    private static let end = Array("]}]}]}".utf8)
    /// More than a span takes, unless it has many links.
    private static let usualSpanBytes = 2048

    /// - Parameter head: all that comes before the first span.
    init(head: [UInt8]) {
        self.head = head
        bytes = head
    }

    var isFull: Bool { bytes.count + Self.usualSpanBytes > Self.limitBytes }

    mutating func add(_ write: (inout [UInt8]) -> Void) {
        if count > 0 { bytes.append(UInt8(ascii: ",")) }
        write(&bytes)
        count += 1
    }

    /// The request; none may be added after that.
    mutating func close() { bytes.append(contentsOf: Self.end) }

    mutating func removeAll() {
        // What a burst took is given back.
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 18)
        bytes.append(contentsOf: head)
        count = 0
    }
}
