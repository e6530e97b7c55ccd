/// The request line and the fields of a request, and what they say of its body.
struct RequestHead: Sendable {
    enum Framing: Sendable, Equatable { case none, length(Int), chunks }

    private(set) var request: HTTPRequest
    private(set) var framing = Framing.none
    private(set) var keepsAlive = true
    private(set) var expectsContinue = false
    let isVersion11: Bool

    /// - Parameter bytes: lines with CRLF between them, which the caller has looked for control characters.
    init(_ bytes: ArraySlice<UInt8>, _ limits: HTTPLimits) throws(HTTPError) {
        let lines = Self.lines(bytes)
        guard let first = lines.first else { throw HTTPError(400, "no request") }
        guard lines.count - 1 <= limits.headerFields else {
            throw HTTPError(431, "a request may have \(limits.headerFields) header fields")
        }
        let words = first.split(separator: 32, omittingEmptySubsequences: false)
        guard words.count == 3, Self.isToken(words[0]), words[0].count <= 32,
            !words[1].isEmpty, words[1].allSatisfy({ (33...126).contains($0) && $0 != UInt8(ascii: "#") })
        else { throw HTTPError(400, "not the first line of a request") }
        isVersion11 = try Self.isVersion11(words[2])
        let (authority, path, query) = try Self.target(String(decoding: words[1], as: UTF8.self))
        request = HTTPRequest(
            method: String(decoding: words[0], as: UTF8.self), target: String(decoding: words[1], as: UTF8.self),
            path: path, query: Self.items(query), headers: try Self.fields(lines.dropFirst()))
        guard request.headers["host"] != nil || !isVersion11 || !limits.needsHost else {
            throw HTTPError(400, "the header Host is missing")
        }
        // What stands in the first line is what counts (RFC 9112, 3.2.2).
        if let authority { request.headers["host"] = authority }
        try readFraming(limits)
        try readConnection()
    }

    // MARK: - Request line

    private static func isVersion11(_ text: ArraySlice<UInt8>) throws(HTTPError) -> Bool {
        switch String(decoding: text, as: UTF8.self) {
        case "HTTP/1.1": return true
        case "HTTP/1.0": return false
        case let text where text.hasPrefix("HTTP/") && text.count == 8: throw HTTPError(505, "this is HTTP/1.1")
        default: throw HTTPError(400, "not the first line of a request")
        }
    }

    private static func target(_ text: String) throws(HTTPError) -> (authority: String?, path: String, query: String) {
        var (authority, rest): (String?, Substring) = (nil, Substring(text))
        if text.lowercased().hasPrefix("http://") {
            rest = rest.dropFirst(7)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            guard end > rest.startIndex, !rest[..<end].contains("@") else {
                throw HTTPError(400, "no host in the URL")
            }
            (authority, rest) = (String(rest[..<end]), rest[end...])
            if !rest.hasPrefix("/") { rest = "/" + rest }
        }
        guard rest.hasPrefix("/") || rest == "*" else { throw HTTPError(400, "a path begins with a slash") }
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return (authority, String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }

    /// As a form has them; of a name that stands there twice the first counts.
    private static func items(_ query: String) -> [String: String] {
        var items: [String: String] = [:]
        for item in query.split(separator: "&") {
            let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = formText(sides[0])
            if items[name] == nil { items[name] = sides.count > 1 ? formText(sides[1]) : "" }
        }
        return items
    }

    /// As it is if that makes no text.
    private static func formText(_ text: Substring) -> String {
        let text = String(text.map { $0 == "+" ? " " : $0 })
        return text.withoutPercentEncoding ?? text
    }

    // MARK: - Fields

    private static func lines(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        bytes.split(separator: 10, omittingEmptySubsequences: false).map { $0.last == 13 ? $0.dropLast() : $0 }
    }

    /// Those that may stand there once only: two of them could be read in two ways.
    private static let single: Set = ["host", "content-length", "transfer-encoding", "authorization", "content-type"]

    private static func fields(_ lines: ArraySlice<ArraySlice<UInt8>>) throws(HTTPError) -> [String: String] {
        var fields: [String: String] = [:]
        for line in lines {
            guard let first = line.first, first != 32, first != 9 else {
                throw HTTPError(400, "a folded header field")
            }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), isToken(line[..<colon]) else {
                throw HTTPError(400, "a header field is a name, a colon right behind it, and a value")
            }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = trimmed(line[(colon + 1)...])
            if let before = fields[name] {
                guard !single.contains(name) else { throw HTTPError(400, "the header \(name) stands there twice") }
                fields[name] = "\(before), \(value)"
            } else {
                fields[name] = value
            }
        }
        return fields
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes.drop { $0 == 32 || $0 == 9 }
        while let last = bytes.last, last == 32 || last == 9 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { byte in isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    // MARK: - What they say

    static func mayHave(_ bodyBytes: Int, _ limits: HTTPLimits) -> Bool {
        bodyBytes <= limits.bodyBytes || limits.cutsBodies
    }

    static func tooLong(_ limits: HTTPLimits) -> HTTPError {
        HTTPError(413, "the body may have \(limits.bodyBytes) bytes")
    }

    private mutating func readFraming(_ limits: HTTPLimits) throws(HTTPError) {
        let length = request.headers["content-length"]
        if let coding = request.headers["transfer-encoding"] {
            guard length == nil else { throw HTTPError(400, "a body has either a length or chunks") }
            guard isVersion11 else { throw HTTPError(400, "HTTP/1.0 has no chunks") }
            guard coding.lowercased() == "chunked" else { throw HTTPError(501, "no transfer coding but chunked") }
            framing = .chunks
        } else if let length {
            guard !length.isEmpty, length.utf8.allSatisfy({ (48...57).contains($0) }) else {
                throw HTTPError(400, "not a length of a body")
            }
            guard let count = Int(length), Self.mayHave(count, limits) else { throw Self.tooLong(limits) }
            framing = count == 0 ? .none : .length(count)
        }
    }

    private mutating func readConnection() throws(HTTPError) {
        let options = (request.headers["connection"] ?? "").lowercased().split { ", \t".contains($0) }
        keepsAlive = isVersion11 && !options.contains("close")
        guard let expected = request.headers["expect"] else { return }
        guard expected.lowercased() == "100-continue" else { throw HTTPError(417, "nothing but 100-continue") }
        expectsContinue = isVersion11 && framing != .none
    }
}
