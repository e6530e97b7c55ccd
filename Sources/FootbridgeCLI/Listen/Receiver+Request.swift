import FlyingFox
import Foundation

extension Receiver {
    struct Header: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// A request that was read whole.
    struct Request: Sendable, Equatable {
        var time: Date
        var method: String
        /// With the query, as sent.
        var path: String
        /// Sorted by name; of several with one name, the last.
        var headers: [Header]
        /// At most `bodyLimitBytes`.
        var body: [UInt8]
        /// The length of the body as sent.
        var bodyBytes: Int
        var signature = SignatureVerdict.unsigned

        /// The value of a header, whatever its case.
        subscript(header: String) -> String? {
            headers.first { $0.name.lowercased() == header.lowercased() }?.value
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

    static let bodyLimitBytes = 64 << 20
}

extension Receiver.Request {
    /// Reads the rest of the request.
    init(_ request: HTTPRequest) async throws {
        self.init(
            time: Date(), method: request.method.rawValue, path: request.target.rawValue,
            headers: request.headers.map { Receiver.Header(name: $0.key.rawValue, value: $0.value) }
                .sorted { $0.name.lowercased() < $1.name.lowercased() },
            body: [], bodyBytes: 0)
        for try await bytes in request.bodySequence {
            body += bytes.prefix(Receiver.bodyLimitBytes - body.count)
            bodyBytes += bytes.count
        }
    }
}
