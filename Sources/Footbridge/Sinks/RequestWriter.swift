internal import FootbridgeCurl
internal import FootbridgeJQ
internal import FootbridgeRESP
internal import FootbridgeWebhooks
internal import RedisStreams

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
    /// In place of `trace`.
    private let tracer: RouteTracer?
    private let isObject: Bool
    private var batch: BatchBody?
    /// What was added to the batch that is being made: its first entry, and its highest attempt.
    private var added: (first: Delivery, attempt: Int, replay: Origin.Replay?)?
    private let isJSON: Bool
    /// Beside those that every request has, and the signature of Standard Webhooks.
    private let hasFurtherHeaders: Bool
    private let messageIDs: [MessageID]
    private(set) var buffer = RequestBuffer()
    private var id: [UInt8] = []

    /// - Parameter shaper: the programs of the route; it has begun with the entry when `write` is called.
    init(
        _ webhook: WebhookConfig, of route: RouteConfig, namespace: String? = nil, shaper: Shaper? = nil,
        tracer: RouteTracer? = nil
    ) throws {
        content = BodyWriter(webhook.body, streams: route.streams, shaper: shaper)
        self.shaper = shaper
        queryKey = webhook.auth?.queryParameter
        signer = webhook.sign.isEmpty ? nil : try Signer(webhook.sign)
        hmacSigners = try webhook.hmac.map { try HMACSigner($0) }
        event = CloudEventWriter(webhook, of: route, namespace: namespace, shaper: shaper)
        idempotencyHeader = webhook.idempotencyHeader.map { Array($0.utf8) }
        trace = tracer == nil ? TraceParentWriter(webhook.traceParent) : nil
        self.tracer = tracer
        isObject = event.map { $0.mode != .binary } ?? false
        isJSON = webhook.body.isJSON
        let isElementJSON = isObject || isJSON
        batch = webhook.batch.map { BatchBody($0, isJSON: isElementJSON) }
        hasFurtherHeaders =
            !hmacSigners.isEmpty || event != nil || idempotencyHeader != nil || trace != nil || tracer != nil
        messageIDs = try route.streams.map { try MessageID(stream: $0.utf8, namespace: namespace) }
    }

    /// Header lines that are the same for all entries of a route.
    static func fixedHeaders(_ webhook: WebhookConfig) -> [String] {
        var lines = ["Content-Type: \(webhook.cloudEvents?.mode.contentType ?? webhook.contentType)"]
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
        if batch != nil {
            discardBatch()
            _ = try add(delivery, timestamp: timestamp)
            return try finishBatch(timestamp: timestamp)
        }
        buffer.removeAll()
        takeID(of: delivery)
        if isObject {
            // Taken out, as the event is.
            var body = buffer.body
            buffer.body = []
            defer { buffer.body = body }
            try writeObject(of: delivery, id, timestamp, into: &body)
        } else {
            try content.write(delivery, into: &buffer.body)
        }
        if let shaper, shaper.makesLines { try addLines(shaper) }
        try addHeaders(
            of: delivery, first: delivery.row, attempt: delivery.attempt, replay: delivery.replay, timestamp)
    }

    private mutating func takeID(of delivery: Delivery) {
        id.removeAll(keepingCapacity: true)
        messageIDs[delivery.key.stream].append(
            milliseconds: delivery.key.id.milliseconds, sequence: delivery.key.id.sequence, to: &id)
    }

    /// - Parameter delivery: `nil` for a request that carries several; then `first` is the first of them.
    private mutating func addHeaders(
        of delivery: Delivery?, first: EntryTable.Row, attempt: Int, replay: Origin.Replay?, _ timestamp: Int64
    ) throws(UnmakeableRequest) {
        // A copy of the reference: the closures must not read what the buffer's owner is changing.
        let id = id
        buffer.addHeader("webhook-id") { $0.append(contentsOf: id) }
        buffer.addHeader("webhook-timestamp") { $0.appendDecimal(timestamp) }
        buffer.addHeader("webhook-attempt") { $0.appendDecimal(attempt) }
        if let replay {
            buffer.addHeader("webhook-replay") { line in
                line.appendDecimal(replay.name.milliseconds)
                line.append(UInt8(ascii: "-"))
                line.appendDecimal(replay.name.sequence)
            }
        }
        if let signer {
            try addSignature(Self.signatureHeader) { body, line throws(LibcryptoError) in
                try signer.sign(id: id, timestamp: timestamp, body: body, into: &line)
            }
        }
        if hasFurtherHeaders { try addFurtherHeaders(of: delivery, first, id, timestamp) }
    }

    // MARK: - Several entries

    /// Adds an entry to the batch that is being made.
    ///
    /// - Returns: `false` if it does not fit; the first always does.
    /// - Throws: if it cannot be made into a part of a request. The others stay.
    mutating func add(_ delivery: Delivery, timestamp: Int64) throws(UnmakeableRequest) -> Bool {
        guard var batch else { return false }
        // Taken out, so that it is not copied while it grows.
        self.batch = nil
        defer { self.batch = batch }
        takeID(of: delivery)
        let id = id
        let fits = try batch.add(id: id) { body throws(UnmakeableRequest) in
            if isObject {
                try writeObject(of: delivery, id, timestamp, into: &body)
            } else {
                try content.write(delivery, into: &body)
            }
        }
        guard fits else { return false }
        added = (
            added?.first ?? delivery, max(added?.attempt ?? 0, delivery.attempt), added?.replay ?? delivery.replay
        )
        return true
    }

    /// The request of all that was added; what is added next begins another one.
    mutating func finishBatch(timestamp: Int64) throws(UnmakeableRequest) {
        guard var batch, let added else { return }
        self.batch = nil
        defer {
            batch.removeAll()
            self.batch = batch
            self.added = nil
        }
        id.removeAll(keepingCapacity: true)
        try batch.finish(&id)
        buffer.removeAll()
        buffer.body.append(contentsOf: batch.bytes)
        try addHeaders(
            of: batch.count == 1 ? added.first : nil, first: added.first.row, attempt: added.attempt,
            replay: added.replay, timestamp)
    }

    mutating func discardBatch() {
        batch?.removeAll()
        added = nil
    }

    // MARK: - Headers

    private mutating func addFurtherHeaders(
        of delivery: Delivery?, _ first: EntryTable.Row, _ id: [UInt8], _ timestamp: Int64
    ) throws(UnmakeableRequest) {
        if !isObject, let delivery { try event?.addHeaders(of: delivery, id: id, now: timestamp * 1000, to: &buffer) }
        if let idempotencyHeader { buffer.addHeader(idempotencyHeader) { $0.append(contentsOf: id) } }
        trace?.addHeader(of: delivery, to: &buffer)
        tracer?.addHeader(of: first, to: &buffer)
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
        of delivery: Delivery, _ id: [UInt8], _ timestamp: Int64, into body: inout [UInt8]
    ) throws(UnmakeableRequest) {
        guard var event else { return }
        // Taken out, so that it is not copied while it works.
        self.event = nil
        defer { self.event = event }
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
    /// Only time was short: on a machine that is slow for a moment that may be nobody's fault.
    var isForTime = false

    init(description: String) {
        reason = .malformed(description)
        self.description = description
    }

    /// A batch that waited is larger than it was.
    static var grown: UnmakeableRequest {
        UnmakeableRequest(description: "made once more, the bodies of a batch have more than max_bytes together")
    }

    /// A program of the route failed.
    ///
    /// - Parameter key: where it stands in the route.
    init(_ key: String, _ message: String) {
        reason = .unshapeable(key: key, message: message)
        description = "\(key): \(message)"
    }

    init(_ key: String, _ failure: JQFailure) {
        self.init(key, failure.description)
        isForTime = failure == .outOfTime
    }
}
