internal import FootbridgeCurl
internal import Logging

/// Tells people of endpoints that fail or answer again.
///
/// A route may have thousands, and all of them may go down at once: then of a few each, and of those that follow within some
/// seconds only how many they are.
final class EndpointLog {
    private let loop: CurlLoop
    private let logger: Logger
    private let limit: Int
    private var told = 0
    private var untold = 0
    private var isCounting = false

    private static let time = Duration.seconds(10)

    /// - Parameter hasMany: whether entries name the route's endpoints.
    init(loop: CurlLoop, logger: Logger, hasMany: Bool) {
        self.loop = loop
        self.logger = logger
        limit = hasMany ? 20 : .max
    }

    /// - Parameters:
    ///   - waiting: entries.
    ///   - givesUp: entries end after their last attempt all the same (`give_up: always`).
    func note(
        _ change: Standing.Change, of endpoint: Endpoint, _ report: DeliveryReport, waiting: Int, givesUp: Bool
    ) {
        guard told < limit else {
            untold += 1
            return
        }
        told += 1
        if limit < .max { countAnew() }
        var metadata: Logger.Metadata = [LogKeys.endpoint: "\(endpoint.name)"]
        if let reason = change.reason { metadata[LogKeys.reason] = "\(reason)" }
        if let cause = report.likelyCause { metadata[LogKeys.cause] = "\(cause)" }
        metadata.merge(change.metadata(waiting: waiting, now: loop.now)) { $1 }
        logger.log(level: change.level, change.message(givesUp: givesUp), metadata: metadata)
    }

    /// After some time.
    private func countAnew() {
        guard !isCounting else { return }
        isCounting = true
        loop.schedule(after: Self.time) { [self] in
            if untold > 0 {
                logger.warning(
                    "further endpoints failed, went down or came back; the metrics say how many are down",
                    metadata: [LogKeys.count: .stringConvertible(untold)])
            }
            (isCounting, told, untold) = (false, 0, 0)
        }
    }
}
