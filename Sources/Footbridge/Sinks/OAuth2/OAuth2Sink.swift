internal import FootbridgeCurl
internal import FootbridgeWebhooks

/// Has deliveries wait until there is a token, and sends one once more whose token the receiver refuses (401).
///
/// A sink of its own, so that others do not pay for it. All that happens to one delivery takes no longer than `timeout`.
final class OAuth2Sink: BatchSink {
    private struct Held {
        /// Several for a batch.
        let deliveries: [Delivery]
        let deadline: MonotonicTime
        /// The token that it was sent with; `nil` while it waits for one.
        var token: AccessToken?
        var wasRefused = false

        var row: EntryTable.Row { deliveries[0].row }
    }

    var onFinish: (EntryTable.Row, DeliveryReport) -> Void = { _, _ in }

    private let webhooks: WebhookSink
    private let tokens: TokenSource
    private let loop: CurlLoop
    private let shaper: Shaper?
    private let timeout: Duration
    /// Whether 401 means what it usually does.
    private let repeatsRefused: Bool
    private var held: [EntryTable.Row: Held] = [:]
    private var waiting = 0
    private let hasBatches: Bool
    /// Of the batch that is being made.
    private var added: [Delivery] = []

    /// - Throws: if libcurl or OpenSSL refuse what the route asks for.
    init(
        _ webhook: WebhookConfig, of route: RouteConfig, _ config: OAuth2Config, namespace: String?,
        shaper: Shaper? = nil,
        answerCheck: AnswerCheck? = nil, tracer: RouteTracer? = nil, urls: LoggedURLs = .masked, loop: CurlLoop
    ) throws {
        self.loop = loop
        self.shaper = shaper
        timeout = webhook.timeout
        hasBatches = webhook.batch != nil
        repeatsRefused = webhook.statuses[401] == nil
        webhooks = try WebhookSink(
            webhook, of: route, namespace: namespace, shaper: shaper, answerCheck: answerCheck, tracer: tracer,
            urls: urls, loop: loop)
        tokens = try TokenSource(config, webhook: webhook, loop: loop)
        webhooks.onFinish = { [unowned self] in finish($0, $1) }
    }

    var free: Int { webhooks.free - waiting }

    func start(_ delivery: Delivery) throws(UnmakeableRequest) -> DeliveryReport? {
        var entry = Held(deliveries: [delivery], deadline: loop.now + timeout)
        if let token = tokens.current() { return try start(&entry, token) }
        // What cannot be made into a request need not wait.
        try webhooks.checkMakeable(delivery)
        hold(entry)
        return nil
    }

    func add(_ delivery: Delivery) throws(UnmakeableRequest) -> Bool {
        guard try webhooks.add(delivery) else { return false }
        added.append(delivery)
        return true
    }

    func send() throws(UnmakeableRequest) -> DeliveryReport? {
        guard !added.isEmpty else { return nil }
        var entry = Held(deliveries: added, deadline: loop.now + timeout)
        added = []
        if let token = tokens.current() { return try sendAdded(&entry, token) }
        webhooks.discardBatch()
        hold(entry)
        return nil
    }

    func renewConnections(madeBefore moment: MonotonicTime) { webhooks.renewConnections(madeBefore: moment) }

    /// Those of the token server stay.
    func replaceSecrets(_ webhook: WebhookConfig) throws { try webhooks.replaceSecrets(webhook) }

    func cancelAll() {
        held = [:]
        waiting = 0
        tokens.cancelAll()
        webhooks.cancelAll()
    }

    /// The programs have seen other entries meanwhile.
    private func sendLater(_ entry: inout Held, _ token: AccessToken) throws(UnmakeableRequest) -> DeliveryReport? {
        for delivery in entry.deliveries {
            try shaper?.begin(delivery)
            defer { shaper?.end() }
            guard hasBatches else { return try start(&entry, token) }
            // A program may give more than before. What is left out would be acknowledged with the rest.
            guard try webhooks.add(delivery) else { throw .grown }
        }
        return try sendAdded(&entry, token)
    }

    private func start(_ entry: inout Held, _ token: AccessToken) throws(UnmakeableRequest) -> DeliveryReport? {
        let report = try webhooks.start(
            entry.deliveries[0], authorization: token.authorization, within: timeLeft(entry))
        return note(report, &entry, token)
    }

    private func sendAdded(_ entry: inout Held, _ token: AccessToken) throws(UnmakeableRequest) -> DeliveryReport? {
        let report = try webhooks.send(authorization: token.authorization, within: timeLeft(entry))
        return note(report, &entry, token)
    }

    private func timeLeft(_ entry: Held) -> Duration { max(.milliseconds(1), entry.deadline - loop.now) }

    private func note(_ report: DeliveryReport?, _ entry: inout Held, _ token: AccessToken) -> DeliveryReport? {
        guard report == nil else { return report }
        entry.token = token
        held[entry.row] = entry
        return nil
    }

    private func hold(_ entry: Held) {
        let row = entry.row
        held[row] = entry
        waiting += 1
        tokens.wait { [unowned self] in resume(row, $0) }
    }

    private func resume(_ row: EntryTable.Row, _ result: Result<AccessToken, TokenFailure>) {
        guard var entry = held.removeValue(forKey: row) else { return }
        waiting -= 1
        switch result {
        case .failure(let failure): onFinish(row, DeliveryReport(outcome: failure.outcome))
        case .success(let token):
            do throws(UnmakeableRequest) {
                if let report = try sendLater(&entry, token) { onFinish(row, report) }
            } catch {
                webhooks.discardBatch()
                // It could be made a moment ago.
                onFinish(row, DeliveryReport(outcome: .ownLack(error.description)))
            }
        }
    }

    private func finish(_ row: EntryTable.Row, _ report: DeliveryReport) {
        guard var entry = held.removeValue(forKey: row) else { return }
        var report = report
        if let mask = entry.token?.mask {
            if !report.response.isEmpty { report.response = mask.masked(report.response) }
            report.detail = report.detail.map(mask.masked)
        }
        guard repeatsRefused, report.outcome.status == 401, !entry.wasRefused, let token = entry.token,
            loop.now < entry.deadline
        else { return onFinish(row, report) }
        tokens.reject(token)
        entry.wasRefused = true
        entry.token = nil
        if let other = tokens.current() {
            // Somebody else was refused before, and has fetched another one.
            resumeLater(entry, other)
        } else {
            hold(entry)
        }
    }

    private func resumeLater(_ entry: Held, _ token: AccessToken) {
        held[entry.row] = entry
        waiting += 1
        resume(entry.row, .success(token))
    }
}
