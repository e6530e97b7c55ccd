internal import FootbridgeCurl
internal import FootbridgeHTTP
internal import Synchronization

/// Who may ask what: the token, pages of other sites, and how often.
final class AdminGate: Sendable {
    private let token: String?
    private let bucket = Mutex(TokenBucket(rate: AdminGate.rate, burst: 200))

    /// Requests per second.
    private static let rate = 50.0

    init(token: String?) { self.token = token }

    /// - Parameter isOpen: it shows nothing of what is delivered, and probes have no token.
    func check(_ request: HTTPRequest, isOpen: Bool) throws(HTTPError) {
        // Probes must get their answer whatever others do.
        if isOpen { return }
        guard bucket.withLock({ $0.take(.now) }) else {
            throw HTTPError(429, "too many requests; there may be \(Int(Self.rate)) in a second")
        }
        if let token {
            guard let given = Self.bearer(request.headers["authorization"]), Self.isEqual(given, token) else {
                throw HTTPError(
                    401, "this needs the header Authorization: Bearer TOKEN, with the token of admin.token")
            }
        } else if let host = request.headers["host"], !Self.isLocalName(host) {
            throw HTTPError(
                421,
                "without admin.token the server is reached by its address or as localhost, not as \(host.prefix(100))")
        }
        guard request.path.hasPrefix("/api/"), !["GET", "HEAD"].contains(request.method) else { return }
        try checkChange(request)
    }

    /// A browser sends what changes something for another site only after asking, if the body is JSON; and it says who wants it.
    private func checkChange(_ request: HTTPRequest) throws(HTTPError) {
        if let site = request.headers["sec-fetch-site"], !["same-origin", "none"].contains(site) {
            throw HTTPError(403, "a page of another site may not change anything here")
        }
        if let origin = request.headers["origin"] {
            let host = request.headers["host"] ?? ""
            guard origin == "http://\(host)" || origin == "https://\(host)" else {
                throw HTTPError(403, "a page of another site may not change anything here")
            }
        }
        let type = request.headers["content-type"]?.split(separator: ";").first.map(String.init)?.lowercased()
        guard type == "application/json" else {
            throw HTTPError(415, "this needs the header Content-Type: application/json")
        }
    }

    private static func bearer(_ header: String?) -> String? {
        guard let header, header.lowercased().hasPrefix("bearer ") else { return nil }
        return String(header.dropFirst(7).drop { $0 == " " })
    }

    /// Takes as long for a wrong one, whatever of it is right.
    static func isEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var difference = UInt8(left.count == right.count ? 0 : 1)
        for index in left.indices { difference |= left[index] ^ (right.isEmpty ? 1 : right[index % right.count]) }
        return difference == 0 && !left.isEmpty
    }

    /// An address, or `localhost`: names that nobody can point here.
    static func isLocalName(_ host: String) -> Bool {
        var name = Substring(host.lowercased())
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
            name = name[name.index(after: name.startIndex)..<end]
        } else if let colon = name.lastIndex(of: ":"), name[name.index(after: colon)...].allSatisfy(\.isNumber) {
            name = name[..<colon]
        }
        return name == "localhost" || name.hasSuffix(".localhost") || IPAddress(String(name)) != nil
    }
}
