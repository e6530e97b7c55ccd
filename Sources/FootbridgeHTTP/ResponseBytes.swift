internal import Glibc

/// An answer as HTTP/1.1 has it.
enum ResponseBytes {
    static let `continue` = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    static let lastChunk = Array("0\r\n\r\n".utf8)

    /// The head, and the body of an answer that has an end.
    ///
    /// - Parameter takesChunks: if not, a body without an end ends with its connection.
    static func whole(_ answer: HTTPAnswer, at seconds: Int, takesChunks: Bool, keepsAlive: Bool) -> [UInt8] {
        var lines = ["HTTP/1.1 \(answer.status) \(phrase(answer.status))", "Date: \(date(seconds))"]
        if let type = answer.contentType { lines.append("Content-Type: \(type)") }
        lines.append("Cache-Control: no-store")
        lines += answer.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        var body: [UInt8] = []
        switch answer.body {
        // These end with their heads (RFC 9112, 6.3), and have no length (RFC 9110, 8.6).
        case .bytes where answer.status == 204 || answer.status == 304: break
        case .bytes(let bytes):
            // An answer to HEAD tells the length of what it leaves out (RFC 9110, 9.3.2).
            lines.append("Content-Length: \(bytes.count)")
            if answer.hasBody { body = bytes }
        case .parts:
            if takesChunks { lines.append("Transfer-Encoding: chunked") }
        }
        if !keepsAlive { lines.append("Connection: close") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        // An empty one would be the end.
        bytes.isEmpty ? [] : Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10]
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
    static func date(_ seconds: Int) -> String {
        var (time, parts) = (time_t(seconds), tm())
        gmtime_r(&time, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        let day = "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        return "\(days[Int(parts.tm_wday)]), \(day) \(clock) GMT"
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func phrase(_ status: Int) -> String {
        phrases[status] ?? (status < 400 ? "OK" : status < 500 ? "Client Error" : "Server Error")
    }

    private static let phrases = [
        200: "OK", 201: "Created", 202: "Accepted", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
        404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
        413: "Content Too Large", 415: "Unsupported Media Type", 417: "Expectation Failed", 421: "Misdirected Request",
        422: "Unprocessable Content", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
        500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
        504: "Gateway Timeout", 505: "HTTP Version Not Supported", 507: "Insufficient Storage",
    ]
}
