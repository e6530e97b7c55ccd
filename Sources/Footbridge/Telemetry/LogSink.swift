internal import Curl
import Glibc
import Synchronization

/// Where log lines go: a descriptor that gets each line with one `write(2)`, so that lines of several processes on one
/// pipe stay whole (up to PIPE_BUF, 4096 bytes; longer ones of this process as well, by the lock).
///
/// Never fails and never waits long: a reader that went away (EPIPE) or one that is too slow loses lines, not the bridge.
final class LogSink: Sendable {
    static let standardError = LogSink(descriptor: STDERR_FILENO)

    let descriptor: Int32
    private struct State {
        /// The last line was cut off: the next one starts on a line of its own.
        var isTorn = false
        /// How long lines may still wait for their reader, at `allowedAt`. It comes back slowly: whoever writes a line does
        /// nothing else meanwhile.
        var allowance = LogSink.longestWait
        var allowedAt = MonotonicTime.now

        mutating func wait(for descriptor: Int32) -> Bool {
            var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if Glibc.poll(&poll, 1, 0) > 0 { return true }
            let start = MonotonicTime.now
            allowance = min(LogSink.longestWait, allowance + (start - allowedAt) / LogSink.share)
            let patience = max(.zero, min(allowance, LogSink.longestWait / 5))
            let isReady = Glibc.poll(&poll, 1, Int32(patience / .milliseconds(1))) > 0
            allowedAt = .now
            allowance -= allowedAt - start
            return isReady
        }
    }

    private let state = Mutex(State())

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    func write(_ line: LogLine) {
        state.withLock { state in
            if state.isTorn, !writeAll([UInt8(ascii: "\n")], &state) { return }
            state.isTorn = !writeAll(line.bytes, &state)
        }
    }

    private func writeAll(_ bytes: [UInt8], _ state: inout State) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                // A pipe that can be written takes PIPE_BUF bytes; more might wait for a reader that has stopped reading.
                guard state.wait(for: descriptor) else { break }
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(PIPE_BUF)))
                let written = Glibc.write(descriptor, piece.baseAddress, piece.count)
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EINTR && errno != EAGAIN {
                    break
                }
            }
            // A line of which nothing was written leaves no torn end.
            return rest.isEmpty || rest.count == bytes.count
        }
    }

    /// In a row; a single line waits for a fifth of it.
    private static let longestWait = Duration.milliseconds(500)
    /// One in so many parts of the time may be spent waiting.
    private static let share = 20
}
