import FootbridgeCurl
import FootbridgeHTTP

extension Receiver {
    struct Header: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// A request that was read whole.
    struct Request: Sendable, Equatable {
        /// Milliseconds since 1970.
        var time: Int64
        var method: String
        /// With the query, as sent.
        var path: String
        /// Names in lower case, sorted; several with one name are one, with commas (RFC 9110, 5.2).
        var headers: [Header]
        /// At most `bodyLimitBytes`.
        var body: [UInt8]
        /// The length of the body as sent.
        var bodyBytes: Int
        var signature = SignatureVerdict.unsigned

        /// - Parameter header: in lower case.
        subscript(header: String) -> String? {
            headers.first { $0.name == header }?.value
        }

        var id: String? { self["webhook-id"] }
        /// What the sender says: 1 for the first attempt.
        var attempt: Int? { self["webhook-attempt"].flatMap { Int($0) } }
    }

    /// What to answer.
    struct Answer: Sendable, Equatable {
        var status: Int
        var body = ""
        /// The wait before it.
        var delay = Duration.zero

        var isAccepting: Bool { (200...299).contains(status) }
    }

    /// A request and its answer.
    struct Receipt: Sendable, Equatable {
        var request: Request
        var status: Int
        /// Requests with the same `webhook-id` before this one; 0 for one without.
        var seen: Int

        var isAccepted: Bool { (200...299).contains(status) }
    }
}

extension Receiver.Request {
    init(_ request: HTTPRequest) {
        self.init(
            time: WallClock.milliseconds, method: request.method, path: request.target,
            headers: request.headers.sorted { $0.key < $1.key }.map { Receiver.Header(name: $0.key, value: $0.value) },
            body: request.body, bodyBytes: request.bodyBytes)
    }
}
