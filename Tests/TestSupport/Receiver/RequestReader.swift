/// Reads HTTP/1.1 requests off a connection: the least that serves curl and tests, with declared and with chunked
/// bodies.
struct RequestReader {
    struct Request {
        var method = ""
        var path = ""
        var headers: [ReceivedRequest.Header] = []
        var body: [UInt8] = []
    }

    static let headLimitBytes = 1 << 20
    static let bodyLimitBytes = 64 << 20

    let socket: StreamSocket
    private var buffer: [UInt8] = []

    init(_ socket: StreamSocket) { self.socket = socket }

    /// The next request, or `nil` at the end of the connection.
    mutating func next() throws -> Request? {
        guard let head = try head() else { return nil }
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        let words = lines.popFirst()?.split(separator: " ") ?? []
        guard words.count == 3 else { throw TestSupportError("not a request: \(head.prefix(80))") }
        var request = Request(method: String(words[0]), path: String(words[1]))
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { throw TestSupportError("not a header: \(line)") }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            request.headers.append(.init(name: String(line[..<colon]), value: String(value)))
        }
        func value(_ name: String) -> String? {
            request.headers.first { $0.name.lowercased() == name }?.value.lowercased()
        }
        if value("expect") == "100-continue" { try socket.sendAll(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        if value("transfer-encoding") == "chunked" {
            request.body = try chunkedBody()
        } else if let length = value("content-length") {
            guard let count = Int(length), (0...Self.bodyLimitBytes).contains(count) else {
                throw TestSupportError("content-length: \(length)")
            }
            request.body = try take(count)
        }
        return request
    }

    private mutating func head() throws -> String? {
        var searched = 0
        while true {
            if let end = buffer[searched...].firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
                buffer.removeFirst(end.upperBound)
                return head
            }
            searched = max(0, buffer.count - 3)
            guard buffer.count <= Self.headLimitBytes else { throw TestSupportError("a head without an end") }
            guard try receiveMore() else {
                if buffer.isEmpty { return nil }
                throw TestSupportError("the connection ended within a head")
            }
        }
    }

    private mutating func chunkedBody() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let size = try line().prefix { $0 != ";" }
            guard let count = Int(size, radix: 16), count >= 0, body.count + count <= Self.bodyLimitBytes else {
                throw TestSupportError("chunk size: \(size)")
            }
            body += try take(count)
            if count == 0 {
                while try !line().isEmpty {}
                return body
            }
            _ = try line()
        }
    }

    private mutating func line() throws -> String {
        while true {
            if let end = buffer.firstRange(of: Array("\r\n".utf8)) {
                defer { buffer.removeFirst(end.upperBound) }
                return String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
            }
            guard try receiveMore() else { throw TestSupportError("the connection ended within a body") }
        }
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count {
            guard try receiveMore() else { throw TestSupportError("the connection ended within a body") }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    private mutating func receiveMore() throws -> Bool {
        let bytes = try socket.receive()
        buffer += bytes
        return !bytes.isEmpty
    }
}
