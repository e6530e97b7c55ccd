internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import Logging

/// Tells of attempts that failed: a line per route, reason and second, with their number.
final class FailureLog {
    private struct Failure {
        let outcome: Outcome
        let endpoint: String
        let next: String
    }

    private let log: SecondLog<String, Failure>

    init(loop: CurlLoop, logger: Logger) {
        log = SecondLog(loop: loop) { _, count, last in
            var metadata: Logger.Metadata = [
                LogKeys.endpoint: "\(last.endpoint)", LogKeys.reason: "\(last.outcome)",
                LogKeys.count: .stringConvertible(count), LogKeys.nextAttempt: "\(last.next)",
            ]
            if let status = last.outcome.status { metadata[LogKeys.status] = .stringConvertible(status) }
            logger.info("attempts failed", metadata: metadata)
        }
    }

    func flush() { log.flush() }

    /// - Parameters:
    ///   - endpoint: where it was made.
    ///   - next: when the entry is sent again.
    func note(_ outcome: Outcome, endpoint: String, next: String, count: Int = 1) {
        log.note(Failure(outcome: outcome, endpoint: endpoint, next: next), outcome.reason, count: count)
    }
}

extension Verdict {
    /// When the entry is sent again, for people; `nil` if the attempt did not fail, or nobody but this process is to blame.
    ///
    /// - Parameter isHeldUp: nothing but probes is sent until the endpoint accepts one.
    func nextAttempt(isHeldUp: Bool) -> String? {
        switch self {
        case .settle, .pauseWorker: nil
        case .repeatNow: "at once"
        case .retry where isHeldUp: "when the endpoint is back"
        case .retry(let delay, _): "in \(delay.tenths)"
        case .deadLetter: "none"
        case .judgeLater(_, let time): "within \(time.tenths)"
        }
    }
}
