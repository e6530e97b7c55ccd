internal import Curl
internal import RESP
internal import RedisStreams
internal import Webhooks

/// Makes the HTTP request of an entry: the header lines that differ from entry to entry, and the body.
///
/// One buffer and one signer per route and worker: nothing is allocated per entry.
struct RequestWriter {
    private let body: BodyFormat
    private let bodyField: [UInt8]
    private var signer: Signer?
    private var hmacSigners: [HMACSigner]
    private var event: CloudEventWriter?
    private let idempotencyHeader: [UInt8]?
    private var trace: TraceParentWriter?
    private let isObject: Bool
    /// Beside those that every request has, and the signature of Standard Webhooks.
    private let hasFurtherHeaders: Bool
    private let messageIDs: [MessageID]
    private(set) var buffer = RequestBuffer()
    private var id: [UInt8] = []

    init(_ route: RouteConfig, namespace: String? = nil) throws {
        body = route.webhook.body
        if case .field(let name) = route.webhook.body { bodyField = Array(name.utf8) } else { bodyField = [] }
        signer = route.webhook.sign.isEmpty ? nil : try Signer(route.webhook.sign)
        hmacSigners = try route.webhook.hmac.map { try HMACSigner($0) }
        event = CloudEventWriter(route, namespace: namespace)
        idempotencyHeader = route.webhook.idempotencyHeader.map { Array($0.utf8) }
        trace = TraceParentWriter(route.webhook.traceParent)
        isObject = event?.mode == .structured
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
        return lines + webhook.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
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
            try writeBody(of: delivery, to: &buffer.body)
        }
        buffer.addHeader("webhook-id") { $0.append(contentsOf: id) }
        buffer.addHeader("webhook-timestamp") { $0.appendDecimal(timestamp) }
        buffer.addHeader("webhook-attempt") { $0.appendDecimal(delivery.attempt) }
        if let signer { try sign(id, with: signer, timestamp: timestamp) }
        if hasFurtherHeaders { try addFurtherHeaders(of: delivery, id, timestamp) }
    }

    private mutating func addFurtherHeaders(
        of delivery: Delivery, _ id: [UInt8], _ timestamp: Int64
    ) throws(UnmakeableRequest) {
        if !isObject { try event?.addHeaders(of: delivery, id: id, now: timestamp * 1000, to: &buffer) }
        if let idempotencyHeader { buffer.addHeader(idempotencyHeader) { $0.append(contentsOf: id) } }
        trace?.addHeader(of: delivery, to: &buffer)
        for signer in hmacSigners { try sign(id, with: signer, timestamp: timestamp) }
    }

    /// Other secrets from the next request on.
    mutating func replaceSecrets(_ webhook: WebhookConfig) throws(LibcryptoError) {
        let signer = webhook.sign.isEmpty ? nil : try Signer(webhook.sign)
        var hmacSigners: [HMACSigner] = []
        for rule in webhook.hmac { hmacSigners.append(try HMACSigner(rule)) }
        (self.signer, self.hmacSigners) = (signer, hmacSigners)
    }

    private func writeBody(of delivery: Delivery, to body: inout [UInt8]) throws(UnmakeableRequest) {
        switch self.body {
        case .fields:
            delivery.fields.withUnsafeFields { FieldsBody.write($0, into: &body) }
        case .field(let name):
            guard let field = delivery.fields.first(where: { $0.name.elementsEqual(bodyField) }) else {
                throw UnmakeableRequest(description: "no field \"\(name)\"")
            }
            body.append(contentsOf: field.value)
        }
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
            of: delivery, id: id, now: timestamp * 1000, isJSON: self.body == .fields, to: &body
        ) { part throws(UnmakeableRequest) in try writeBody(of: delivery, to: &part) }
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

    private mutating func sign(
        _ id: [UInt8], with signer: HMACSigner, timestamp: Int64
    ) throws(UnmakeableRequest) {
        if let name = signer.timestampHeader { buffer.addHeader(name) { $0.appendDecimal(timestamp) } }
        var failure: LibcryptoError?
        let content = buffer.body
        buffer.addHeader(signer.header) { line in
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
    let description: String
}
