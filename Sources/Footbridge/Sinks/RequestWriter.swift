internal import Curl
internal import RESP
internal import RedisStreams
internal import Webhooks

/// Makes the HTTP request of an entry: the header lines that differ from entry to entry, and the body.
///
/// One buffer and one signer per route and worker: nothing is allocated per entry.
struct RequestWriter {
    private let body: BodyFormat
    private let shaper: Shaper?
    private let streams: [String]
    private var lines = RequestLines()
    private let bodyField: [UInt8]
    private let signer: Signer?
    private let messageIDs: [MessageID]
    private(set) var buffer = RequestBuffer()
    private var id: [UInt8] = []

    /// - Parameter shaper: the programs of the route; it has begun with the entry when `write` is called.
    init(_ route: RouteConfig, namespace: String? = nil, shaper: Shaper? = nil) throws {
        body = route.webhook.body
        self.shaper = shaper
        streams = route.streams
        if case .field(let name) = route.webhook.body { bodyField = Array(name.utf8) } else { bodyField = [] }
        signer = route.webhook.sign.isEmpty ? nil : try Signer(route.webhook.sign)
        messageIDs = try route.streams.map { try MessageID(stream: $0.utf8, namespace: namespace) }
    }

    /// Header lines that are the same for all entries of a route.
    static func fixedHeaders(_ webhook: WebhookConfig) -> [String] {
        var lines = ["Content-Type: \(webhook.contentType)"]
        if !webhook.headers.contains(where: { $0.name.lowercased() == "user-agent" }) {
            lines.append("User-Agent: Footbridge/\(Version.current)")
        }
        // In libcurl's list "Name:" removes a header and "Name;" sends it empty (CURLOPT_HTTPHEADER(3)).
        return lines
            + webhook.headers.filter { $0.template == nil }.map {
                $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)"
            }
    }

    /// Fills the buffer; throws if the entry cannot be made into a request.
    mutating func write(_ delivery: Delivery, timestamp: Int64) throws(UnmakeableRequest) {
        buffer.removeAll()
        switch body {
        case .fields:
            delivery.fields.withUnsafeFields { FieldsBody.write($0, into: &buffer.body) }
        case .field(let name):
            guard let field = delivery.fields.first(where: { $0.name.elementsEqual(bodyField) }) else {
                throw UnmakeableRequest(description: "no field \"\(name)\"")
            }
            buffer.body.append(contentsOf: field.value)
        case .typed:
            delivery.fields.withUnsafeFields { FieldsBody.write($0, typed: true, into: &buffer.body) }
        case .envelope:
            EntryBody.writeEnvelope(
                delivery.key.id, streams[delivery.key.stream], delivery.fields, into: &buffer.body)
        case .form: EntryBody.writeForm(delivery.fields, into: &buffer.body)
        case .jq: try shaper?.writeBody(to: &buffer.body)
        }
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
