internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import Logging

/// A route that leaves a worker which goes on: it finishes what is in flight under its own rule, hands over what it holds, and
/// is let go of when nobody can call it any more.
final class Departure {
    let route: Route
    private let logger: Logger
    private var onGone: (() -> Void)?
    private var isDrained = false

    /// As in a stop of the whole bridge.
    private static let patience = Duration.seconds(10)

    /// - Parameter onGone: called when its consumers are gone from its groups, or cannot be taken away.
    init(_ route: Route, logger: Logger, _ onGone: @escaping () -> Void) {
        (self.route, self.logger, self.onGone) = (route, logger, onGone)
    }

    private var loop: CurlLoop { route.worker.loop }

    func begin() {
        logger.info(
            "the route ends: finishing what is in flight",
            metadata: [LogKeys.count: .stringConvertible(route.unfinished)])
        route.drain { [self] in didDrain() }
        loop.schedule(after: route.config.drainTimeout) { [weak self] in self?.didDrain() }
    }

    private func didDrain() {
        guard !isDrained else { return }
        isDrained = true
        if route.unfinished > 0 {
            logger.warning(
                "the route leaves, and drain_timeout is over: what is in flight is dropped and comes again",
                metadata: [LogKeys.count: .stringConvertible(route.unfinished)])
        }
        route.settler.flush()
        route.handOver { [self] in didHandOver(left: $0) }
        loop.schedule(after: Self.patience) { [weak self] in
            guard let self else { return }
            didHandOver(left: route.table.count)
        }
    }

    private func didHandOver(left: Int) {
        guard let onGone else { return }
        self.onGone = nil
        if left > 0 {
            logger.warning(
                "not everything could be handed over; it is taken over after claim_after",
                metadata: [LogKeys.pending: .stringConvertible(left)])
        }
        route.stop()
        // Answers to what it has sent come to it still.
        loop.schedule(after: route.worker.longestAnswer) { [self] in
            route.worker.commands.connection?.send(["PING"]) { [self] _ in withExtendedLifetime(self) {} }
        }
        onGone()
    }
}
