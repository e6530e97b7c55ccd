internal import Curl
internal import Webhooks

/// Has deliveries wait until there is a token, and sends one once more whose token the receiver refuses (401).
///
/// A sink of its own, so that others do not pay for it. All that happens to one delivery takes no longer than `timeout`.
final class OAuth2Sink: Sink {
    private struct Held {
        let delivery: Delivery
        let deadline: MonotonicTime
        /// The token that it was sent with; `nil` while it waits for one.
        var token: AccessToken?
        var wasRefused = false
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

    /// - Throws: if libcurl or OpenSSL refuse what the route asks for.
    init(
        _ webhook: WebhookConfig, of route: RouteConfig, _ config: OAuth2Config, namespace: String?,
        shaper: Shaper? = nil,
        loop: CurlLoop
    ) throws {
        self.loop = loop
        self.shaper = shaper
        timeout = webhook.timeout
        repeatsRefused = webhook.statuses[401] == nil
        webhooks = try WebhookSink(webhook, of: route, namespace: namespace, shaper: shaper, loop: loop)
        tokens = try TokenSource(config, webhook: webhook, loop: loop)
        webhooks.onFinish = { [unowned self] in finish($0, $1) }
    }

    var free: Int { webhooks.free - waiting }

    func start(_ delivery: Delivery) throws(UnmakeableRequest) -> DeliveryReport? {
        var entry = Held(delivery: delivery, deadline: loop.now + timeout)
        if let token = tokens.current() { return try send(&entry, token) }
        // What cannot be made into a request need not wait.
        try webhooks.checkMakeable(delivery)
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

    private func send(_ entry: inout Held, _ token: AccessToken) throws(UnmakeableRequest) -> DeliveryReport? {
        let left = max(.milliseconds(1), entry.deadline - loop.now)
        let report = try webhooks.start(entry.delivery, authorization: token.authorization, within: left)
        guard report == nil else { return report }
        entry.token = token
        held[entry.delivery.row] = entry
        return nil
    }

    private func hold(_ entry: Held) {
        let row = entry.delivery.row
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
                // The programs have seen other entries meanwhile.
                try shaper?.begin(entry.delivery)
                defer { shaper?.end() }
                if let report = try send(&entry, token) { onFinish(row, report) }
            } catch {
                // It could be made a moment ago.
                onFinish(row, DeliveryReport(outcome: .ownLack(error.description)))
            }
        }
    }

    private func finish(_ row: EntryTable.Row, _ report: DeliveryReport) {
        guard var entry = held.removeValue(forKey: row) else { return }
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
        held[entry.delivery.row] = entry
        waiting += 1
        resume(entry.delivery.row, .success(token))
    }
}
