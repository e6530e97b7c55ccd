import Footbridge
import Glibc
import Logging
import ServiceLifecycle

/// What signals do: the first SIGTERM or SIGINT drains, a second one ends the process. SIGHUP has the configuration read
/// again.
struct StopSignals {
    private let signals = TrappedSignals(SIGTERM, SIGINT, SIGHUP)

    func watch(_ group: ServiceGroup, _ reloads: ConfigReloads, logger: Logger) async {
        var first: ContinuousClock.Instant?
        for await signal in signals.values {
            if signal == SIGHUP {
                logger.info("signal received", metadata: [LogKeys.signal: "SIGHUP"])
                // A stop must not wait for it.
                Task { _ = await reloads.reload() }
            } else if let first {
                guard first.duration(to: .now) >= Self.echo else { continue }
                logger.warning("second signal: leaving at once; what is unsettled stays in Redis")
                _exit(1)
            } else {
                first = .now
                logger.info("signal received", metadata: [LogKeys.signal: "\(Self.name(signal))"])
                await group.triggerGracefulShutdown()
            }
        }
    }

    private static func name(_ signal: Int32) -> String {
        [SIGTERM: "SIGTERM", SIGINT: "SIGINT"][signal] ?? "\(signal)"
    }

    /// Wrappers (`timeout`, shells, container runtimes) signal a process and then its group: that is one wish, not two.
    private static let echo = Duration.milliseconds(500)
}
