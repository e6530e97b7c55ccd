import Glibc
import Synchronization

/// Where log lines go: a descriptor that gets each line with one `write(2)`, so that lines of several processes on one
/// pipe stay whole (up to PIPE_BUF, 4096 bytes; longer ones of this process as well, by the lock).
///
/// Never fails and never waits long: a reader that went away (EPIPE) or a pipe that stays full loses lines, not the bridge.
final class LogSink: Sendable {
    static let standardError = LogSink(descriptor: STDERR_FILENO)

    let descriptor: Int32
    private struct State {
        /// The last line was cut off: the next one starts on a line of its own.
        var isTorn = false
        /// Nobody read for as long as we wait: until somebody does, lines are dropped without waiting.
        var isStalled = false
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
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                state.isStalled = poll(&wait, 1, state.isStalled ? 0 : Self.patienceMilliseconds) == 0
                if state.isStalled { break }
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

    private static let patienceMilliseconds: Int32 = 100
}
