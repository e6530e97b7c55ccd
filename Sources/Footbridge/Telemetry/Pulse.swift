internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis

/// Measures once in a while how late the worker's loop is, and how long Redis takes to answer.
final class Pulse {
    private unowned let worker: WorkerContext
    private var timer: LoopTimer?
    private var isRefused = false
    /// Of the last PING; `nil` before the first.
    private(set) var roundTrip: Duration?
    /// How late the last beat was.
    private(set) var delay = Duration.zero

    private static let interval = Duration.seconds(1)

    init(_ worker: WorkerContext) { self.worker = worker }

    func start() { beat(at: .now + Self.interval) }

    func stop() {
        if let timer { worker.loop.cancel(timer) }
        timer = nil
    }

    private func beat(at due: MonotonicTime) {
        timer = worker.loop.schedule(after: due - .now) { [unowned self] in
            let now = MonotonicTime.now
            delay = max(.zero, now - due)
            ping(now)
            beat(at: now + Self.interval)
        }
    }

    private func ping(_ sentAt: MonotonicTime) {
        guard let connection = worker.commands.connection else { return roundTrip = nil }
        guard !isRefused else { return }
        connection.send(["PING"]) { [weak self] reply in
            switch reply {
            case .success: self?.roundTrip = .now - sentAt
            // This user may not ask.
            case .failure(let error): self?.isRefused = !error.endsConnection
            }
        }
    }
}
