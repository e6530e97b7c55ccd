internal import FootbridgeCurl
internal import FootbridgeWebhooks

/// Delivers entries as HTTP requests, up to `concurrency` of them at a time.
final class WebhookSink: BatchSink {
    private struct Slot {
        let handle: CurlHandle
        var row: EntryTable.Row?
        var startedAt = MonotonicTime(nanoseconds: 0)
    }

    var onFinish: (EntryTable.Row, DeliveryReport) -> Void = { _, _ in }

    private let loop: CurlLoop
    private var webhook: WebhookConfig
    private let concurrency: Int
    private let answerCheck: AnswerCheck?
    private var writer: RequestWriter
    private let urls: LoggedURLs
    private var mask: SecretMask
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var oldestConnection: MonotonicTime?
    /// Of the batch that is being made.
    private var first: Delivery?

    /// - Throws: if libcurl, libjq or OpenSSL refuse what the route asks for.
    init(
        _ webhook: WebhookConfig, of route: RouteConfig, namespace: String?, shaper: Shaper? = nil,
        answerCheck: AnswerCheck? = nil, tracer: RouteTracer? = nil, urls: LoggedURLs = .masked, loop: CurlLoop
    ) throws {
        self.loop = loop
        self.urls = urls
        mask = SecretMask(webhook, urls: urls)
        self.webhook = webhook
        concurrency = route.concurrency.maximum
        self.answerCheck = try answerCheck ?? AnswerCheck(webhook)
        writer = try RequestWriter(webhook, of: route, namespace: namespace, shaper: shaper, tracer: tracer)
        // The first handle now: it shows whether libcurl takes the route's options. The others when they are needed.
        freeSlots = [addSlot(try CurlHandle(loop: loop, options: TransferOptions(webhook)))]
    }

    var free: Int { freeSlots.count + concurrency - slots.count }

    func start(_ delivery: Delivery) throws(UnmakeableRequest) -> DeliveryReport? {
        try writer.write(delivery, timestamp: loop.wallMilliseconds / 1000)
        return try send(delivery, within: nil)
    }

    /// - Parameters:
    ///   - authorization: the value of that header.
    ///   - limit: how long it may take, in place of the route's `timeout`.
    func start(
        _ delivery: Delivery, authorization: [UInt8], within limit: Duration
    ) throws(UnmakeableRequest) -> DeliveryReport? {
        try writer.write(delivery, timestamp: loop.wallMilliseconds / 1000)
        writer.authorize(authorization)
        return try send(delivery, within: limit)
    }

    /// - Throws: if the entry cannot be made into a request.
    func checkMakeable(_ delivery: Delivery) throws(UnmakeableRequest) {
        try writer.write(delivery, timestamp: loop.wallMilliseconds / 1000)
    }

    func add(_ delivery: Delivery) throws(UnmakeableRequest) -> Bool {
        guard try writer.add(delivery, timestamp: loop.wallMilliseconds / 1000) else { return false }
        first = first ?? delivery
        return true
    }

    func send() throws(UnmakeableRequest) -> DeliveryReport? {
        guard let first = try finishBatch() else { return nil }
        return try send(first, within: nil)
    }

    func send(authorization: [UInt8], within limit: Duration) throws(UnmakeableRequest) -> DeliveryReport? {
        guard let first = try finishBatch() else { return nil }
        writer.authorize(authorization)
        return try send(first, within: limit)
    }

    /// Forgets what was added.
    func discardBatch() {
        first = nil
        writer.discardBatch()
    }

    private func finishBatch() throws(UnmakeableRequest) -> Delivery? {
        defer { first = nil }
        try writer.finishBatch(timestamp: loop.wallMilliseconds / 1000)
        return first
    }

    private func send(_ delivery: Delivery, within limit: Duration?) throws(UnmakeableRequest) -> DeliveryReport? {
        let slot: Int
        do throws(TransportFailure) {
            slot = try takeSlot()
        } catch {
            return DeliveryReport(outcome: Outcome(.failure(error), now: 0) { nil })
        }
        do throws(TransportFailure) {
            if let limit { try slots[slot].handle.limitTime(limit) }
            try slots[slot].handle.start(writer.buffer, fresh: delivery.isFresh)
        } catch {
            freeSlots.append(slot)
            if error.kind == .invalid { throw UnmakeableRequest(description: error.description) }
            return DeliveryReport(outcome: Outcome(.failure(error), now: 0) { nil })
        }
        slots[slot].row = delivery.row
        slots[slot].startedAt = loop.now
        return nil
    }

    func renewConnections(madeBefore moment: MonotonicTime) {
        oldestConnection = moment
        for slot in slots { slot.handle.oldestConnection = moment }
    }

    func replaceSecrets(_ webhook: WebhookConfig) throws {
        var (writer, changed) = (writer, self.webhook)
        try writer.replaceSecrets(webhook)
        changed.takeSecrets(of: webhook)
        // The first throws, or none does: all get the same.
        for slot in slots { try slot.handle.replaceHeaders(RequestWriter.fixedHeaders(changed)) }
        (self.writer, self.webhook) = (writer, changed)
        // Requests under way have the old ones, and a receiver may tell which it wants no more.
        mask.add(SecretMask(changed, urls: urls))
    }

    /// What a receiver answers, as people may see it.
    func masked(_ answer: [UInt8]) -> [UInt8] { mask.masked(answer) }

    func cancelAll() {
        for slot in slots { slot.handle.cancel() }
    }

    private func takeSlot() throws(TransportFailure) -> Int {
        if let slot = freeSlots.popLast() { return slot }
        return addSlot(try CurlHandle(loop: loop, options: TransferOptions(webhook)))
    }

    private func addSlot(_ handle: CurlHandle) -> Int {
        let slot = slots.count
        handle.onFinish = { [unowned self] in finish(slot, $0) }
        handle.oldestConnection = oldestConnection
        slots.append(Slot(handle: handle))
        return slot
    }

    private func finish(_ slot: Int, _ result: Result<TransferResponse, TransportFailure>) {
        guard let row = slots[slot].row else { return }
        slots[slot].row = nil
        freeSlots.append(slot)
        let handle = slots[slot].handle
        var outcome = Outcome(result, kinds: webhook.statuses, now: loop.wallMilliseconds) {
            handle.responseHeader("Retry-After")
        }
        var failed: Set<String> = []
        if let answerCheck, case .success(let response) = result {
            (outcome, failed) = answerCheck.outcome(outcome, of: response)
        }
        var report = DeliveryReport(
            outcome: outcome, nanoseconds: loop.now.nanoseconds - slots[slot].startedAt.nanoseconds)
        report.failed = failed
        switch result {
        case .success(let response):
            report.usedConnection = response.usedConnection
            // A program may raise what it finds in the answer.
            report.detail = answerCheck?.problem.map(mask.masked)
            // All of it is there for `accept.body`; people get what they get elsewhere.
            let head = response.bodyHead
            if !head.isEmpty { report.response = mask.masked(Array(head.prefix(TransferOptions.usuallyKeptBytes))) }
        case .failure(let failure):
            report.usedConnection = failure.usedConnection
            report.detail = failure.message
        }
        onFinish(row, report)
    }
}

extension TransferOptions {
    /// What all requests of a route have in common.
    init(_ webhook: WebhookConfig) {
        self.init(
            url: webhook.requestURL, method: webhook.method, timeout: webhook.timeout,
            connectTimeout: webhook.connectTimeout, responseLimitBytes: webhook.responseLimitBytes,
            connection: webhook.connection, headers: RequestWriter.fixedHeaders(webhook))
        if case .aws(let credentials, _) = webhook.auth { aws = credentials }
        if webhook.acceptBody != nil || webhook.acceptFailed != nil { keptBodyBytes = webhook.responseLimitBytes }
    }
}

extension WebhookConfig {
    /// Where the URL leads, for logs: its path may hold secrets, as those of chat services do, and so may its query.
    var endpoint: String {
        let shown = Self.withoutPath(url)
        return connection.unixSocket.map { "\(shown) at \($0)" } ?? shown
    }

    /// The same as `log.urls` has it. A query is never shown, nor the path of a URL that is a secret as a whole.
    func loggedURL(_ urls: LoggedURLs) -> String {
        urls == .masked || isURLSecret ? Self.withoutPath(url) : shownURL(paths: true)
    }

    static func withoutPath(_ url: String) -> String {
        let host = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let path = url[host...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        return ["", "/"].contains(url[path...]) ? url : url[..<path] + "/…"
    }

    /// The URL with an API key in its query, if the key belongs there.
    var requestURL: String {
        guard let parameter = auth?.queryParameter else { return url }
        let fragment = url.firstIndex(of: "#") ?? url.endIndex
        let separator = url[..<fragment].contains("?") ? "&" : "?"
        return "\(url[..<fragment])\(separator)\(parameter)"
    }
}

extension AuthConfig {
    /// `name=value` of an API key that belongs in the URL.
    var queryParameter: String? {
        guard case .apiKey(.query(let name), let value) = self else { return nil }
        return PercentCoding.pairs([(name, value)])
    }
}
