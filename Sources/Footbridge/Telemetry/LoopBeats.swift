internal import FootbridgeCurl
internal import Synchronization

/// Feeds systemd's watchdog from the loops that do the work: only when each of them has come by since the last time.
///
/// No timer of another thread does it: that would go on while a loop hangs.
final class LoopBeats: Sendable {
    private let notify: SystemdNotify
    private let loops: [CurlLoop]
    /// Those that have not come by.
    private let missing: Mutex<Set<Int>>

    init(_ notify: SystemdNotify, loops: [CurlLoop]) {
        self.notify = notify
        self.loops = loops
        missing = Mutex(Set(loops.indices))
    }

    /// Goes on until the loops end. Does nothing if the unit asks for no watchdog.
    func begin() {
        guard let interval = notify.watchdogInterval else { return }
        for (number, loop) in loops.enumerated() {
            // Twice as often as it has to be told: the loops do not come by at the same moment.
            loop.post { [self] in beat(number, loop, every: interval / 2) }
        }
    }

    private func beat(_ number: Int, _ loop: CurlLoop, every interval: Duration) {
        let isComplete = missing.withLock { missing in
            missing.remove(number)
            if missing.isEmpty { missing = Set(loops.indices) } else { return false }
            return true
        }
        if isComplete { notify.watchdog() }
        loop.schedule(after: interval) { [self, unowned loop] in beat(number, loop, every: interval) }
    }
}
