/// Keeps systemd informed while a bridge runs: that it is ready, what it does, and that it needs more time to stop.
///
/// Ready means that it reads. Where that takes longer than `patience`, because Redis is away, say, units that wait for this one
/// start all the same, and the status says what is missing.
actor ServiceReport {
    private let notify: SystemdNotify
    private let monitor: BridgeMonitor
    private let patience: Duration
    private var isReady = false
    private var told: String?

    init(_ notify: SystemdNotify, monitor: BridgeMonitor, patience: Duration = .seconds(10)) {
        self.notify = notify
        self.monitor = monitor
        self.patience = patience
    }

    /// Until it is cancelled.
    func run() async throws {
        let begin = ContinuousClock.now
        while true {
            let status = ServiceStatus(await monitor.snapshot())
            try Task.checkCancellation()
            tell(status.text)
            if !isReady, status.isReading || begin.duration(to: .now) >= patience {
                isReady = true
                notify.ready()
            }
            try await Task.sleep(for: isReady ? .seconds(1) : .milliseconds(50))
        }
    }

    /// The bridge stops; until this is cancelled it gets more time, as long as its loops tell how much is left.
    func stop(_ workers: [Worker]) async throws {
        while true {
            // A loop that hangs does not answer, and nothing is asked for it.
            var unfinished = 0
            for worker in workers { unfinished += await worker.unfinished }
            try Task.checkCancellation()
            tell(ServiceStatus.draining(unfinished))
            notify.extend(by: Self.extension)
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// The hand-over, and the end of an embedded Redis, take ten seconds each at most.
    private static let `extension` = Duration.seconds(25)

    private func tell(_ status: String) {
        if status != told, notify.status(status) { told = status }
    }
}
