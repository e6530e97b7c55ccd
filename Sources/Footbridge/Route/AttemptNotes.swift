internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import Logging

/// What people are told of a route's attempts: the last ones one by one, lines of the log, and what went wrong last at each endpoint.
/// Decides nothing.
final class AttemptNotes {
    private unowned let route: Route
    private let failures: FailureLog
    private(set) var last = AttemptLog()

    init(_ route: Route) {
        self.route = route
        failures = FailureLog(loop: route.worker.loop, logger: route.logger)
    }

    private var worker: WorkerContext { route.worker }

    /// - Parameter entries: that the request carried.
    func didEnd(
        _ row: EntryTable.Row, _ report: DeliveryReport, of endpoint: Endpoint, entries: Int = 1,
        then: AttemptRecord.Then
    ) {
        worker.attemptCount += 1
        let key = route.table.key(row)
        var record = AttemptRecord(
            number: worker.attemptCount, at: worker.loop.wallMilliseconds, stream: key.stream, entry: key.id,
            attempt: route.table.attempts(row), entries: entries, endpoint: endpoint.name, outcome: report.outcome,
            nanoseconds: report.nanoseconds, then: then)
        if record.isDelivered {
            route.counters.accepted += 1
            endpoint.acceptedAt = record.at
        } else {
            record.answer = last.head(of: report.response)
            route.counters.failures[report.outcome.reason, default: 0] += 1
            endpoint.failure = EndpointFailure(
                at: record.at, outcome: report.outcome, cause: report.likelyCause, answer: record.answer)
        }
        last.add(record)
    }

    /// It is decided what becomes of an entry.
    func didJudge(_ row: EntryTable.Row, _ report: DeliveryReport, _ verdict: Verdict) {
        if let share = worker.loggedShare, share.includes(route.table.key(row).id.spread) {
            route.logger.info("attempt made", metadata: metadata(row, report))
        } else {
            route.logger.debug("attempt made", metadata: metadata(row, report))
        }
        if verdict != .settle, let next = verdict.nextAttempt(isHeldUp: route.isHeldUp(row)) {
            didFail(row, report.outcome, next: next)
        }
    }

    /// - Parameter next: when it is sent again.
    func didFail(_ row: EntryTable.Row, _ outcome: Outcome, next: String, count: Int = 1) {
        failures.note(outcome, endpoint: loggedEndpoint(of: row), next: next, count: count)
    }

    func flush() { failures.flush() }

    private func metadata(_ row: EntryTable.Row, _ report: DeliveryReport) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            LogKeys.entry: "\(route.table.key(row).id)", LogKeys.attempt: "\(route.table.attempts(row))",
            LogKeys.endpoint: "\(loggedEndpoint(of: row))", LogKeys.outcome: "\(report.outcome)",
            LogKeys.duration: .stringConvertible(Duration.nanoseconds(report.nanoseconds).inMilliseconds),
        ]
        if let status = report.outcome.status { metadata[LogKeys.status] = .stringConvertible(status) }
        return metadata
    }

    /// As `log.urls` has it.
    private func loggedEndpoint(of row: EntryTable.Row) -> String {
        guard route.endpoints == nil, worker.log.urls == .full, let webhook = route.config.webhook else {
            return route.endpoint(of: row).name
        }
        return webhook.loggedURL(.full)
    }
}
