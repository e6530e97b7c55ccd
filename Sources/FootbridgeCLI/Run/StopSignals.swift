import Footbridge
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// What signals do: the first SIGTERM or SIGINT drains, the second one ends the process, SIGHUP is noted.
struct StopSignals {
    private let signals: UnixSignalsSequence

    /// From now on no signal ends the process by itself; those that come before `watch` are waiting for it.
    init() async { signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint, .sighup]) }

    func watch(_ group: ServiceGroup, logger: Logger) async {
        var isStopping = false
        for await signal in signals {
            if signal == .sighup {
                logger.notice("SIGHUP: the configuration is read at the start only; restart to change it")
            } else if isStopping {
                logger.warning("second signal: leaving at once; what is unsettled stays in Redis")
                _exit(1)
            } else {
                isStopping = true
                logger.info("signal received", metadata: [LogKeys.signal: "\(signal)"])
                await group.triggerGracefulShutdown()
            }
        }
    }
}
