internal import Curl
internal import RESP
internal import RedisStreams
internal import Webhooks

/// Makes the HTTP request of an entry: the header lines that differ from entry to entry, and the body.
///
/// One buffer and one signer per route and worker: nothing is allocated per entry.
struct RequestWriter {
    private let body: BodyWriter
    private let shaper: Shaper?
    private var lines = RequestLines()
    private let signer: Signer?
    private let messageIDs: [MessageID]
    private(set) var buffer = RequestBuffer()
    private var id: [UInt8] = []

    /// - Parameter shaper: the programs of the route; it has begun with the entry when `write` is called.
    init(_ webhook: WebhookConfig, of route: RouteConfig, namespace: String? = nil, shaper: Shaper? = nil) throws {
        body = BodyWriter(webhook.body, streams: route.streams, shaper: shaper)
        self.shaper = shaper
        signer = webhook.sign.isEmpty ? nil : try Signer(webhook.sign)
        messageIDs = try route.streams.map { try MessageID(stream: $0.utf8, namespace: namespace) }
    }

    /// Header lines that are the same for all entries of a route.
    static func fixedHeaders(_ webhook: WebhookConfig) -> [String] {
        var lines = ["Content-Type: \(webhook.contentType)"]
        if !webhook.headers.contains(where: { $0.name.lowercased() == "user-agent" }) {
            lines.append("User-Agent: Footbridge/\(Version.current)")
        }
        // In libcurl's list "Name:" removes a header and "Name;" sends it empty (CURLOPT_HTTPHEADER(3)).
        lines += webhook.headers.filter { $0.template == nil }.map {
            $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)"
        }
        return lines + credentials(webhook.auth)
    }

    /// Credentials that are the same for all entries.
    private static func credentials(_ auth: AuthConfig?) -> [String] {
        switch auth {
        case .basic(let user, let password):
            ["Authorization: \(BasicAuthorization.value(user: user, password: password))"]
        case .bearer(let token): ["Authorization: Bearer \(token)"]
        case .apiKey(.header(let name), let value): ["\(name): \(value)"]
        case .aws(_, let token?): ["X-Amz-Security-Token: \(token)"]
        // In the URL, in each request, or there is none.
        case .apiKey(.query, _), .aws(_, nil), .oauth2, nil: []
        }
    }

    /// Adds a header that is not known before: to be called after `write`.
    mutating func authorize(_ authorization: [UInt8]) {
        buffer.addHeader("authorization") { $0.append(contentsOf: authorization) }
    }

    /// Fills the buffer; throws if the entry cannot be made into a request.
    mutating func write(_ delivery: Delivery, timestamp: Int64) throws(UnmakeableRequest) {
        buffer.removeAll()
        try body.write(delivery, into: &buffer.body)
        if let shaper, shaper.makesLines { try addLines(shaper) }
        id.removeAll(keepingCapacity: true)
        messageIDs[delivery.key.stream].append(
            milliseconds: delivery.key.id.milliseconds, sequence: delivery.key.id.sequence, to: &id)
        // A copy of the reference: the closures must not read what the buffer's owner is changing.
        let id = id
        buffer.addHeader("webhook-id") { $0.append(contentsOf: id) }
        buffer.addHeader("webhook-timestamp") { $0.appendDecimal(timestamp) }
        buffer.addHeader("webhook-attempt") { $0.appendDecimal(delivery.attempt) }
        if let signer { try sign(id, with: signer, timestamp: timestamp) }
    }

    private mutating func addLines(_ shaper: Shaper) throws(UnmakeableRequest) {
        lines.removeAll()
        try shaper.writeLines(to: &lines)
        buffer.url = lines.url
        for (name, value) in lines.headers { buffer.addHeader(name, value) }
    }

    private mutating func sign(_ id: [UInt8], with signer: Signer, timestamp: Int64) throws(UnmakeableRequest) {
        var failure: LibcryptoError?
        let content = buffer.body
        buffer.addHeader("webhook-signature") { line in
            content.withUnsafeBytes { bytes in
                do throws(LibcryptoError) {
                    try signer.sign(id: id, timestamp: timestamp, body: bytes, into: &line)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw UnmakeableRequest(description: "no signature: \(failure)") }
    }
}

/// No request can be made from an entry, now or later.
struct UnmakeableRequest: Error, CustomStringConvertible {
    let reason: DeadLetterReason
    let description: String

    init(description: String) {
        reason = .malformed(description)
        self.description = description
    }

    /// A program of the route failed.
    ///
    /// - Parameter key: where it stands in the route.
    init(_ key: String, _ message: String) {
        reason = .unshapeable(key: key, message: message)
        description = "\(key): \(message)"
    }
}
