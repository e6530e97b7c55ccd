public import Glibc

/// A process that something under test started and that leads a process group of its own. It does not outlive its last
/// reference, nor the test run.
public final class OtherProcess: Sendable {
    public let pid: pid_t

    public init(_ pid: pid_t) {
        self.pid = pid
        Watchdog.watch(pid)
    }

    deinit {
        kill()
        Watchdog.forget(pid)
    }

    /// Kills its group. Whoever started it has to reap it.
    public func kill() { _ = Glibc.kill(-pid, SIGKILL) }
}
