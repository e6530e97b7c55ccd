internal import FootbridgeCurl
import Glibc

/// How long a log's lines may wait for their reader: whoever writes one does nothing else meanwhile.
struct LogPatience {
    /// It comes back slowly.
    private var allowance = longestWait
    private var allowedAt = MonotonicTime.now

    /// - Returns: whether the descriptor can be written now.
    mutating func wait(for descriptor: Int32) -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if Glibc.poll(&poll, 1, 0) > 0 { return true }
        let start = MonotonicTime.now
        allowance = min(Self.longestWait, allowance + (start - allowedAt) / Self.share)
        let patience = max(.zero, min(allowance, Self.longestWait / 5))
        let isReady = Glibc.poll(&poll, 1, Int32(patience / .milliseconds(1))) > 0
        allowedAt = .now
        allowance -= allowedAt - start
        return isReady
    }

    /// In a row; a single line waits for a fifth of it.
    private static let longestWait = Duration.milliseconds(500)
    /// One in so many parts of the time may be spent waiting.
    private static let share = 20
}
