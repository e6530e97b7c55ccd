internal import Curl
internal import Logging

/// Tells of the endpoints of a route: a few at once, and of those that follow within some seconds only how many there are. A
/// route may have thousands, and all of them may go down at once.
final class EndpointLog {
    private let loop: CurlLoop
    private let logger: Logger
    private var told = 0
    private var untold = 0
    private var isCounting = false

    private static let atOnce = 20
    private static let time = Duration.seconds(10)

    init(loop: CurlLoop, logger: Logger) {
        self.loop = loop
        self.logger = logger
    }

    func note(_ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata) {
        guard told < Self.atOnce else {
            untold += 1
            return
        }
        told += 1
        logger.log(level: level, message, metadata: metadata)
        guard !isCounting else { return }
        isCounting = true
        loop.schedule(after: Self.time) { [self] in
            isCounting = false
            told = 0
            guard untold > 0 else { return }
            logger.warning(
                "further endpoints failed, went down or came back; the metrics say how many are down",
                metadata: [LogKeys.count: .stringConvertible(untold)])
            untold = 0
        }
    }
}
