/// Makes requests of the bytes of one connection (RFC 9112), however they are split.
///
/// Strict, so that no proxy before it can read other requests in the same bytes: lines end with CRLF, a field has its colon
/// right behind its name and is never folded, and a body has one length.
struct RequestParser: Sendable {
    struct Request: Sendable, Equatable {
        var request: HTTPRequest
        /// The connection can be used again after the answer.
        var keepsAlive: Bool
        /// The client knows chunks (HTTP/1.1).
        var takesChunks: Bool
    }

    /// What is being waited for.
    enum Phase: Sendable, Equatable { case idle, head, body }

    private enum State: Sendable {
        /// With what was looked at of it.
        case head(scanned: Int)
        case length(RequestHead, remaining: Int)
        case chunkSize(RequestHead)
        case chunk(RequestHead, remaining: Int)
        case chunkEnd(RequestHead)
        /// With the bytes of those before.
        case trailer(RequestHead, bytes: Int)
    }

    private let limits: HTTPLimits
    private var state = State.head(scanned: 0)
    private var buffer: [UInt8] = []
    private var body: [UInt8] = []
    /// Of the body, with what was cut.
    private var bodyBytes = 0
    private var mayBeginEmpty = true
    private var owesContinue = false

    init(limits: HTTPLimits = HTTPLimits()) { self.limits = limits }

    var phase: Phase {
        guard case .head = state else { return .body }
        return buffer.isEmpty ? .idle : .head
    }

    var heldBytes: Int { buffer.count + body.count }

    mutating func append(_ bytes: some Sequence<UInt8>) { buffer.append(contentsOf: bytes) }

    /// The client waits for a word before it sends the body (RFC 9110, 10.1.1); told once for each request.
    mutating func takeContinue() -> Bool {
        defer { owesContinue = false }
        return owesContinue
    }

    /// The next request if all of it is there.
    ///
    /// - Throws: why there can be none any more; then the connection is of no further use.
    mutating func next() throws(HTTPError) -> Request? {
        while true {
            switch state {
            case .head(let scanned):
                guard let head = try takeHead(scanned) else { return nil }
                (body, bodyBytes) = ([], 0)
                switch head.framing {
                case .none: return finish(head)
                case .length(let length):
                    owesContinue = head.expectsContinue
                    state = .length(head, remaining: length)
                    body.reserveCapacity(min(length, 16 << 10))
                case .chunks:
                    owesContinue = head.expectsContinue
                    state = .chunkSize(head)
                }
            case .length(let head, let remaining):
                let left = takeBody(remaining)
                guard left == 0 else {
                    state = .length(head, remaining: left)
                    return nil
                }
                return finish(head)
            case .chunkSize(let head):
                guard let line = try takeLine() else { return nil }
                let size = try Self.chunkSize(line)
                guard RequestHead.mayHave(bodyBytes + size, limits) else { throw RequestHead.tooLong(limits) }
                state = size == 0 ? .trailer(head, bytes: 0) : .chunk(head, remaining: size)
            case .chunk(let head, let remaining):
                let left = takeBody(remaining)
                guard left == 0 else {
                    state = .chunk(head, remaining: left)
                    return nil
                }
                state = .chunkEnd(head)
            case .chunkEnd(let head):
                guard buffer.count >= 2 else { return nil }
                guard buffer.starts(with: Self.lineEnd) else { throw HTTPError(400, "a chunk is longer than it says") }
                buffer.removeFirst(2)
                state = .chunkSize(head)
            case .trailer(let head, let bytes):
                guard let line = try takeLine() else { return nil }
                if line.isEmpty { return finish(head) }
                guard bytes + line.count <= limits.headBytes else { throw HTTPError(431, "too much behind the body") }
                state = .trailer(head, bytes: bytes + line.count)
            }
        }
    }

    private mutating func finish(_ head: RequestHead) -> Request {
        var request = head.request
        (request.body, request.bodyBytes) = (body, bodyBytes)
        body = []
        state = .head(scanned: 0)
        mayBeginEmpty = true
        owesContinue = false
        return Request(request: request, keepsAlive: head.keepsAlive, takesChunks: head.isVersion11)
    }

    // MARK: - Head

    private static let lineEnd: [UInt8] = [13, 10]

    private mutating func takeHead(_ scanned: Int) throws(HTTPError) -> RequestHead? {
        // Some send an empty line after a body (RFC 9112, 2.2).
        var scanned = scanned
        if scanned < 2, mayBeginEmpty, buffer.starts(with: Self.lineEnd) {
            buffer.removeFirst(2)
            mayBeginEmpty = false
            scanned = 0
        }
        for index in scanned..<buffer.count {
            guard index < limits.headBytes else {
                throw HTTPError(431, "the head of a request may have \(limits.headBytes) bytes")
            }
            let byte = buffer[index]
            switch byte {
            case 10:
                guard index > 0, buffer[index - 1] == 13 else { throw HTTPError(400, "lines end with CR and LF") }
            case _ where index > 0 && buffer[index - 1] == 13: throw HTTPError(400, "lines end with CR and LF")
            case 13, 9: break
            // Also the first byte of TLS.
            case ..<32, 127: throw HTTPError(400, "a control character in a head; this is HTTP without TLS")
            default: break
            }
            if byte == 10, index >= 3, buffer[index - 2] == 10 {
                let head = try RequestHead(buffer[..<(index - 3)], limits)
                buffer.removeFirst(index + 1)
                return head
            }
        }
        state = .head(scanned: buffer.count)
        return nil
    }

    // MARK: - Body

    /// - Returns: how much is still to come.
    private mutating func takeBody(_ remaining: Int) -> Int {
        let count = min(remaining, buffer.count)
        body.append(contentsOf: buffer[..<min(count, limits.bodyBytes - body.count)])
        bodyBytes += count
        buffer.removeFirst(count)
        return remaining - count
    }

    private static let maximumLine = 1024

    private mutating func takeLine() throws(HTTPError) -> [UInt8]? {
        guard let end = buffer.prefix(Self.maximumLine).firstIndex(of: 10) else {
            if buffer.count >= Self.maximumLine { throw HTTPError(400, "a line of a chunk is too long") }
            return nil
        }
        guard end > 0, buffer[end - 1] == 13 else { throw HTTPError(400, "lines end with CR and LF") }
        let line = Array(buffer[..<(end - 1)])
        guard !line.contains(13) else { throw HTTPError(400, "lines end with CR and LF") }
        buffer.removeFirst(end + 1)
        return line
    }

    /// Hexadecimal digits; extensions behind them mean nothing here.
    private static func chunkSize(_ line: [UInt8]) throws(HTTPError) -> Int {
        let digits = line.prefix(while: \.isHexDigit)
        let rest = line.dropFirst(digits.count).drop { $0 == 32 || $0 == 9 }
        guard (1...8).contains(digits.count), rest.isEmpty || rest.first == UInt8(ascii: ";"),
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw HTTPError(400, "not the size of a chunk") }
        return size
    }
}
