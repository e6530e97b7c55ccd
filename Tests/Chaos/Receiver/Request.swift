/// What the ledger wants to know of a request.
struct Request {
    var id = ""
    var timestamp = ""
    var attempt = 0
    var signature = ""
    /// The id of the dead letter that it comes from; empty unless it is replayed.
    var replay = ""
    /// Which start of which bridge.
    var run = -1
    var body: [UInt8] = []
}

/// Reads requests off a connection: bytes are looked at once, and only the headers that matter become text.
struct RequestReader {
    private let peer: ReceiverConnection
    private var buffer: [UInt8] = []

    init(_ peer: ReceiverConnection) { self.peer = peer }

    /// The next request, or `nil` when the connection ended.
    mutating func next() throws -> Request? {
        var searched = 0
        while true {
            if let end = Self.endOfHead(buffer, from: searched) {
                return try request(headEnd: end)
            }
            searched = max(0, buffer.count - 3)
            guard try receiveMore() else { return nil }
        }
    }

    private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            var index = start
            while index + 3 < bytes.count {
                // The last byte first: what is no line break lets the search go on by four.
                switch bytes[index + 3] {
                case UInt8(ascii: "\n"):
                    if bytes[index + 2] == 13, bytes[index + 1] == 10, bytes[index] == 13 { return index + 4 }
                    index += 1
                case UInt8(ascii: "\r"): index += 1
                default: index += 4
                }
            }
            return nil
        }
    }

    private mutating func request(headEnd: Int) throws -> Request? {
        var request = Request()
        var length = 0
        for line in buffer[..<(headEnd - 4)].split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = line[..<colon]
            func value() -> String {
                let text = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
                return String(decoding: text.last == UInt8(ascii: "\r") ? text.dropLast() : text, as: UTF8.self)
            }
            if Self.equal(name, "webhook-id") {
                request.id = value()
            } else if Self.equal(name, "webhook-timestamp") {
                request.timestamp = value()
            } else if Self.equal(name, "webhook-attempt") {
                request.attempt = Int(value()) ?? 0
            } else if Self.equal(name, "webhook-signature") {
                request.signature = value()
            } else if Self.equal(name, "webhook-replay") {
                request.replay = value()
            } else if Self.equal(name, "x-bridge") {
                request.run = Int(value()) ?? -1
            } else if Self.equal(name, "content-length") {
                length = Int(value()) ?? 0
            }
        }
        while buffer.count < headEnd + length {
            guard try receiveMore() else { return nil }
        }
        request.body = Array(buffer[headEnd..<(headEnd + length)])
        buffer.removeFirst(headEnd + length)
        return request
    }

    /// - Parameter text: in lower case.
    private static func equal(_ name: ArraySlice<UInt8>, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { text in
            name.count == text.count && zip(name, text).allSatisfy { $0 | 0x20 == $1 || $0 == $1 }
        }
    }

    private mutating func receiveMore() throws -> Bool {
        let bytes = try peer.receive(atMost: 16_384)
        buffer += bytes
        return !bytes.isEmpty
    }
}
