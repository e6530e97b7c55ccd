internal import Logging
internal import Webhooks

extension Standing.Change {
    var message: Logger.Message {
        switch self {
        case .fails: "endpoint fails; its entries are retried"
        case .wentDown(let down) where down.reason.status == 410:
            "the endpoint is gone (410): its entries are kept, one at a time tests it, ever more rarely"
        case .wentDown: "endpoint is down: its entries are kept, one at a time tests it"
        case .reasonChanged: "endpoint is still down, for another reason"
        case .slowsDown: "endpoint wants fewer requests: sending more slowly"
        case .isBack: "endpoint answers again"
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
}
