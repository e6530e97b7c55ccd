import Glibc

/// A redis-server that runs: our child, or one that an earlier bridge left behind. Belongs to one thread.
final class ServerProcess {
    enum Event { case ended, stopped, timeout }

    let pid: pid_t
    let isChild: Bool
    /// How it ended, in words; only a child's status can be known.
    private(set) var ending = "ended"
    private var hasEnded = false
    /// -1 if the kernel or a sandbox refuses; then the state is looked up every now and then.
    private let descriptor: Int32

    /// `nil` if there is no such process.
    init?(adopting pid: pid_t) {
        descriptor = LinuxCalls.pidfdOpen?(pid, 0) ?? -1
        guard descriptor >= 0 || kill(pid, 0) == 0 else { return nil }
        self.pid = pid
        isChild = false
    }

    init(child pid: pid_t) {
        descriptor = LinuxCalls.pidfdOpen?(pid, 0) ?? -1
        self.pid = pid
        isChild = true
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Waits until the process ends, `stop` is set, or the time is over.
    func wait(orFor stop: StopSignal?, atMost time: Duration? = nil) -> Event {
        let deadline = time.map { ContinuousClock.now + $0 }
        while true {
            if checkEnded() { return .ended }
            // poll(2) skips negative descriptors.
            var ready = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            let lookUp = descriptor < 0 ? ContinuousClock.now + Self.lookUpInterval : nil
            _ = Poll.wait(&ready, until: [deadline, lookUp].compactMap { $0 }.min())
            if checkEnded() { return .ended }
            if ready[1].revents != 0 { return .stopped }
            if let deadline, deadline <= .now { return .timeout }
        }
    }

    func signal(_ number: Int32) {
        guard !hasEnded else { return }
        if descriptor >= 0, let send = LinuxCalls.pidfdSendSignal, send(descriptor, number, nil, 0) == 0 { return }
        kill(pid, number)
    }

    private static let lookUpInterval = Duration.milliseconds(200)

    private func checkEnded() -> Bool {
        guard !hasEnded else { return true }
        hasEnded = isChild ? reap() : isGone
        return hasEnded
    }

    private var isGone: Bool {
        guard descriptor < 0 else {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&ready, 1, 0) > 0
        }
        // proc(5): the state stands behind the name in brackets, which may hold anything. Z has ended.
        let file = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return kill(pid, 0) != 0 && errno == ESRCH }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = read(file, &bytes, bytes.count)
        guard count > 0, let bracket = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return count < 0 }
        return bytes[bracket...].dropFirst(2).first == UInt8(ascii: "Z")
    }

    private func reap() -> Bool {
        var info = siginfo_t()
        // Looks without reaping: the pid stays ours, and with it the number of the process group.
        guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return errno == ECHILD }
        guard info.si_signo == SIGCHLD else { return false }
        // A child of redis-server that rewrites the log would go on, for nobody, and hold the lock.
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        // The macros of sys/wait.h: the lower seven bits are the signal, the next byte is the exit code.
        let signal = status & 0x7F
        ending = signal == 0 ? "exited with \(status >> 8 & 0xFF)" : "was killed by signal \(signal)"
        return true
    }
}
