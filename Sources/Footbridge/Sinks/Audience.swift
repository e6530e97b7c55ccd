internal import Logging

/// Who listens to what a route publishes. That nobody does is told once, until somebody listens again.
final class Audience {
    private let counters: RouteCounters
    private let logger: Logger
    private let channel: TargetName
    private var isEmpty = false

    init(_ channel: TargetName, counters: RouteCounters, logger: Logger) {
        self.channel = channel
        self.counters = counters
        self.logger = logger
    }

    /// - Parameter receivers: of one message.
    func note(receivers: Int) {
        counters.receivers += receivers
        if receivers == 0 { counters.unheard += 1 }
        guard isEmpty != (receivers == 0) else { return }
        isEmpty = receivers == 0
        logger.log(
            level: isEmpty ? .warning : .notice,
            isEmpty ? "nobody listens; entries are published all the same" : "somebody listens again",
            metadata: [LogKeys.channel: "\(channel)"])
    }
}
