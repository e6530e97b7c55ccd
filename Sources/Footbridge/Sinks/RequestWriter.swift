internal import Curl
internal import RESP
internal import RedisStreams
internal import Webhooks

/// Makes the HTTP request of an entry: the header lines that differ from entry to entry, and the body.
///
/// One buffer and one signer per route and worker: nothing is allocated per entry.
struct RequestWriter {
    private let content: BodyWriter
    private let shaper: Shaper?
    private var lines = RequestLines()
    /// `name=value`, for a URL that is made from the entry.
    private let queryKey: String?
    private var signer: Signer?
    private var hmacSigners: [HMACSigner]
    private var event: CloudEventWriter?
    private let idempotencyHeader: [UInt8]?
    private var trace: TraceParentWriter?
    private let isObject: Bool
    private let isJSON: Bool
    /// Beside those that every request has, and the signature of Standard Webhooks.
    private let hasFurtherHeaders: Bool
    private let messageIDs: [MessageID]
    private(set) var buffer = RequestBuffer()
    private var id: [UInt8] = []

    /// - Parameter shaper: the programs of the route; it has begun with the entry when `write` is called.
    init(_ webhook: WebhookConfig, of route: RouteConfig, namespace: String? = nil, shaper: Shaper? = nil) throws {
        content = BodyWriter(webhook.body, streams: route.streams, shaper: shaper)
        self.shaper = shaper
        queryKey = webhook.auth?.queryParameter
        signer = webhook.sign.isEmpty ? nil : try Signer(webhook.sign)
        hmacSigners = try webhook.hmac.map { try HMACSigner($0) }
        event = CloudEventWriter(webhook, of: route, namespace: namespace)
        idempotencyHeader = webhook.idempotencyHeader.map { Array($0.utf8) }
        trace = TraceParentWriter(webhook.traceParent)
        isObject = event?.mode == .structured
        isJSON = webhook.body.isJSON
        hasFurtherHeaders = !hmacSigners.isEmpty || event != nil || idempotencyHeader != nil || trace != nil
        messageIDs = try route.streams.map { try MessageID(stream: $0.utf8, namespace: namespace) }
    }

    /// Header lines that are the same for all entries of a route.
    static func fixedHeaders(_ webhook: WebhookConfig) -> [String] {
        let isObject = webhook.cloudEvents?.mode == .structured
        var lines = ["Content-Type: \(isObject ? CloudEventWriter.contentType : webhook.contentType)"]
        if let events = webhook.cloudEvents, events.mode == .binary { lines += CloudEventWriter.fixedHeaders(events) }
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
    static func credentials(_ auth: AuthConfig?) -> [String] {
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
        id.removeAll(keepingCapacity: true)
        messageIDs[delivery.key.stream].append(
            milliseconds: delivery.key.id.milliseconds, sequence: delivery.key.id.sequence, to: &id)
        // A copy of the reference: the closures must not read what the buffer's owner is changing.
        let id = id
        if isObject {
            try writeObject(of: delivery, id, timestamp)
        } else {
            try content.write(delivery, into: &buffer.body)
        }
        if let shaper, shaper.makesLines { try addLines(shaper) }
        buffer.addHeader("webhook-id") { $0.append(contentsOf: id) }
        buffer.addHeader("webhook-timestamp") { $0.appendDecimal(timestamp) }
        buffer.addHeader("webhook-attempt") { $0.appendDecimal(delivery.attempt) }
        if let signer {
            try addSignature(Self.signatureHeader) { body, line throws(LibcryptoError) in
                try signer.sign(id: id, timestamp: timestamp, body: body, into: &line)
            }
        }
        if hasFurtherHeaders { try addFurtherHeaders(of: delivery, id, timestamp) }
    }

    private mutating func addFurtherHeaders(
        of delivery: Delivery, _ id: [UInt8], _ timestamp: Int64
    ) throws(UnmakeableRequest) {
        if !isObject { try event?.addHeaders(of: delivery, id: id, now: timestamp * 1000, to: &buffer) }
        if let idempotencyHeader { buffer.addHeader(idempotencyHeader) { $0.append(contentsOf: id) } }
        trace?.addHeader(of: delivery, to: &buffer)
        for signer in hmacSigners {
            if let name = signer.timestampHeader { buffer.addHeader(name) { $0.appendDecimal(timestamp) } }
            try addSignature(signer.header) { body, line throws(LibcryptoError) in
                try signer.sign(id: id, timestamp: timestamp, body: body, into: &line)
            }
        }
    }

    /// Other secrets from the next request on.
    mutating func replaceSecrets(_ webhook: WebhookConfig) throws(LibcryptoError) {
        let signer = webhook.sign.isEmpty ? nil : try Signer(webhook.sign)
        var hmacSigners: [HMACSigner] = []
        for rule in webhook.hmac { hmacSigners.append(try HMACSigner(rule)) }
        (self.signer, self.hmacSigners) = (signer, hmacSigners)
    }

    private mutating func writeObject(
        of delivery: Delivery, _ id: [UInt8], _ timestamp: Int64
    ) throws(UnmakeableRequest) {
        guard var event else { return }
        // Taken out, so that it is not copied while it works.
        self.event = nil
        var body = buffer.body
        buffer.body = []
        defer {
            self.event = event
            buffer.body = body
        }
        try event.appendObject(
            of: delivery, id: id, now: timestamp * 1000, isJSON: isJSON, to: &body
        ) { part throws(UnmakeableRequest) in try content.write(delivery, into: &part) }
    }

    private mutating func addLines(_ shaper: Shaper) throws(UnmakeableRequest) {
        lines.removeAll()
        try shaper.writeLines(to: &lines)
        buffer.url = lines.url
        if let queryKey, !lines.url.isEmpty {
            buffer.url.append(UInt8(ascii: lines.url.contains(UInt8(ascii: "?")) ? "&" : "?"))
            buffer.url.append(contentsOf: queryKey.utf8)
        }
        for (name, value) in lines.headers { buffer.addHeader(name) { $0.append(contentsOf: value) } }
    }

    /// - Parameter make: appends the signature of a body to a header line.
    private mutating func addSignature(
        _ header: [UInt8], _ make: (UnsafeRawBufferPointer, inout [UInt8]) throws(LibcryptoError) -> Void
    ) throws(UnmakeableRequest) {
        var failure: LibcryptoError?
        let content = buffer.body
        buffer.addHeader(header) { line in
            content.withUnsafeBytes { bytes in
                do throws(LibcryptoError) {
                    try make(bytes, &line)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw UnmakeableRequest(description: "no signature: \(failure)") }
    }

    private static let signatureHeader = Array("webhook-signature".utf8)
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
