internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import Logging

extension Standing.Change {
    /// - Parameter givesUp: entries end after their last attempt all the same (`give_up: always`).
    func message(givesUp: Bool) -> Logger.Message {
        switch self {
        case .fails: "requests fail; they are retried"
        case .wentDown where givesUp:
            "the endpoint is down; give_up: always, so its entries end after their last attempt"
        case .wentDown(let down) where down.reason.status == 410:
            "the endpoint is gone (410): its entries are kept; one at a time is sent as a probe, ever more rarely"
        case .wentDown(let down) where down.reason.isRefusalByStatus:
            "the endpoint refuses everything: its entries are kept; one at a time is sent as a probe"
        case .wentDown: "the endpoint is down: its entries are kept; one at a time is sent as a probe"
        case .reasonChanged: "the endpoint is still down, for another reason"
        case .slowsDown: "the endpoint wants fewer requests: sending more slowly"
        case .isBack: "the endpoint accepts requests again"
        }
    }

    var level: Logger.Level {
        switch self {
        case .fails, .slowsDown, .reasonChanged: .warning
        case .wentDown: .error
        case .isBack: .notice
        }
    }

    var reason: Outcome? {
        switch self {
        case .fails(let outcome), .slowsDown(let outcome): outcome
        case .wentDown(let down), .reasonChanged(let down): down.reason
        case .isBack: nil
        }
    }

    /// What people ask next.
    func metadata(waiting: Int, now: MonotonicTime) -> Logger.Metadata {
        switch self {
        case .wentDown(let down), .reasonChanged(let down):
            [
                LogKeys.nextProbe: "\((down.nextProbe - now).tenths)",
                LogKeys.waiting: .stringConvertible(waiting),
            ]
        case .isBack(let time): [LogKeys.after: "\(time.tenths)", LogKeys.waiting: .stringConvertible(waiting)]
        case .fails, .slowsDown: [:]
        }
    }
}

extension Duration {
    /// `1.3s`, for people.
    var tenths: String {
        "\(Double(components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000) / 10)s"
    }
}

extension Outcome {
    fileprivate var isRefusalByStatus: Bool {
        switch self {
        case .messageRefused, .routeRefused(.status): true
        default: false
        }
    }
}
