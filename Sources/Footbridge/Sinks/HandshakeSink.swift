internal import FootbridgeCurl
internal import FootbridgeWebhooks

/// Asks a receiver of CloudEvents whether it wants them, before anything is sent to it.
///
/// `OPTIONS` with our origin, answered by the origin and the rate that are allowed (HTTP 1.1 Web Hooks for Event Delivery 1.0.2 §4,
/// <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md>). The first delivery waits for the answer,
/// the others until it has come. Without permission what waits has failed: so the endpoint is probed by asking again.
final class HandshakeSink: BatchSink {
    var onFinish: (EntryTable.Row, DeliveryReport) -> Void = { _, _ in }
    var onRate: (Double?) -> Void = { _ in }

    private let webhooks: WebhookSink
    private let loop: CurlLoop
    private let shaper: Shaper?
    private let hasBatches: Bool
    private let origin: String
    private let handle: CurlHandle
    private let ownHeaders: [String]
    private var config: WebhookConfig
    private var isPermitted = false
    /// What waits for the answer, by request: several for a batch.
    private var held: [[Delivery]] = []
    /// Of the batch that is being made.
    private var added: [Delivery] = []

    /// - Throws: if libcurl or OpenSSL refuse what the route asks for.
    init(
        _ webhook: WebhookConfig, of route: RouteConfig, origin: String, namespace: String?, shaper: Shaper? = nil,
        answerCheck: AnswerCheck? = nil, tracer: RouteTracer? = nil, urls: LoggedURLs = .masked, loop: CurlLoop
    ) throws {
        (self.loop, self.shaper, self.origin) = (loop, shaper, origin)
        hasBatches = webhook.batch != nil
        webhooks = try WebhookSink(
            webhook, of: route, namespace: namespace, shaper: shaper, answerCheck: answerCheck, tracer: tracer,
            urls: urls, loop: loop)
        var options = TransferOptions(webhook)
        options.method = "OPTIONS"
        options.keptBodyBytes = TransferOptions.usuallyKeptBytes
        // There is no body: libcurl would call it a form.
        var own = ["Content-Type:", "WebHook-Request-Origin: \(origin)"]
        if let rate = route.rate {
            own.append("WebHook-Request-Rate: \(max(1, Int((rate.perSecond * 60).rounded(.down))))")
        }
        (ownHeaders, config) = (own, webhook)
        options.headers = Self.headers(webhook) + own
        handle = try CurlHandle(loop: loop, options: options)
        webhooks.onFinish = { [unowned self] in finish($0, $1) }
    }

    /// Those of all requests, as far as they say nothing of a body or an event.
    private static func headers(_ webhook: WebhookConfig) -> [String] {
        RequestWriter.fixedHeaders(webhook).filter { line in
            !["content-type:", "ce-"].contains { line.lowercased().hasPrefix($0) }
        }
    }

    var free: Int { isPermitted ? webhooks.free : held.isEmpty ? 1 : 0 }

    func start(_ delivery: Delivery) throws(UnmakeableRequest) -> DeliveryReport? {
        if isPermitted { return try webhooks.start(delivery) }
        // What cannot be made into a request need not wait.
        try webhooks.checkMakeable(delivery)
        return ask([delivery])
    }

    func add(_ delivery: Delivery) throws(UnmakeableRequest) -> Bool {
        guard try webhooks.add(delivery) else { return false }
        added.append(delivery)
        return true
    }

    func send() throws(UnmakeableRequest) -> DeliveryReport? {
        let deliveries = added
        added = []
        if isPermitted { return try webhooks.send() }
        guard !deliveries.isEmpty else { return nil }
        webhooks.discardBatch()
        return ask(deliveries)
    }

    func renewConnections(madeBefore moment: MonotonicTime) {
        webhooks.renewConnections(madeBefore: moment)
        handle.oldestConnection = moment
    }

    func replaceSecrets(_ webhook: WebhookConfig) throws {
        try webhooks.replaceSecrets(webhook)
        config.takeSecrets(of: webhook)
        try handle.replaceHeaders(Self.headers(config) + ownHeaders)
    }

    func cancelAll() {
        held = []
        handle.cancel()
        webhooks.cancelAll()
    }

    // MARK: - Asking

    private func ask(_ deliveries: [Delivery]) -> DeliveryReport? {
        // A repeat starts whatever `free` says (`Verdict.repeatNow`): it may find that the receiver is being asked.
        if held.isEmpty {
            do throws(TransportFailure) {
                try handle.start(RequestBuffer(), fresh: deliveries[0].isFresh) { [unowned self] in didAnswer($0) }
            } catch {
                return DeliveryReport(outcome: Outcome(.failure(error), now: 0) { nil })
            }
        }
        held.append(deliveries)
        return nil
    }

    private func didAnswer(_ result: Result<TransferResponse, TransportFailure>) {
        let requests = held
        held = []
        guard !requests.isEmpty else { return }
        if let outcome = objection(in: result) {
            var report = DeliveryReport(outcome: outcome)
            switch result {
            case .success(let answer): report.response = webhooks.masked(answer.bodyHead)
            case .failure(let failure): report.detail = failure.message
            }
            for deliveries in requests { onFinish(deliveries[0].row, report) }
            return
        }
        isPermitted = true
        onRate(handle.responseHeader("WebHook-Allowed-Rate").flatMap(Self.allowedRate))
        for deliveries in requests {
            let row = deliveries[0].row
            do throws(UnmakeableRequest) {
                if let report = try sendLater(deliveries) { onFinish(row, report) }
            } catch {
                webhooks.discardBatch()
                // It could be made a moment ago.
                onFinish(row, DeliveryReport(outcome: .ownLack(error.description)))
            }
        }
    }

    /// Requests per second, from those per minute that a receiver allows; `nil`: any number (`*`).
    private static func allowedRate(_ text: String) -> Double? {
        // It may write what no pace can be made of, infinity among it. Nobody sends more than a million a second.
        guard let rate = Double(text), rate.isFinite else { return nil }
        return min(max(rate, 1), 60_000_000) / 60
    }

    /// The programs have seen other entries meanwhile.
    private func sendLater(_ deliveries: [Delivery]) throws(UnmakeableRequest) -> DeliveryReport? {
        for delivery in deliveries {
            try shaper?.begin(delivery)
            defer { shaper?.end() }
            guard hasBatches else { return try webhooks.start(delivery) }
            // A program may give more than before. What is left out would be acknowledged with the rest.
            guard try webhooks.add(delivery) else { throw .grown }
        }
        return try webhooks.send()
    }

    /// What stands in the way; `nil` if events may be sent.
    private func objection(in result: Result<TransferResponse, TransportFailure>) -> Outcome? {
        guard case .success(let answer) = result, !(answer.status >= 500 || [408, 425, 429].contains(answer.status))
        else {
            let handle = handle
            return Outcome(result, now: loop.wallMilliseconds) { handle.responseHeader("Retry-After") }
        }
        guard (200..<300).contains(answer.status) else {
            return .routeRefused(.noPermission("the handshake is answered \(answer.status)"))
        }
        guard let allowed = handle.responseHeader("WebHook-Allowed-Origin") else {
            return .routeRefused(.noPermission("the handshake is answered without WebHook-Allowed-Origin"))
        }
        guard allowed == "*" || allowed.lowercased() == origin.lowercased() else {
            return .routeRefused(.noPermission("the handshake allows another origin"))
        }
        return nil
    }

    private func finish(_ row: EntryTable.Row, _ report: DeliveryReport) {
        // It may have been withdrawn: the next one asks.
        if case .routeRefused = report.outcome { isPermitted = false }
        onFinish(row, report)
    }
}
