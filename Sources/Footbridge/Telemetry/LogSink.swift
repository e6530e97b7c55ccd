import Glibc
import Synchronization

/// Where log lines go: a descriptor that gets each line with one `write(2)`, so that lines of several processes on one
/// pipe stay whole (up to PIPE_BUF, 4096 bytes; longer ones of this process as well, by the lock).
///
/// Never fails and never waits long: a reader that went away (EPIPE) or a pipe that stays full loses lines, not the bridge.
final class LogSink: Sendable {
    static let standardError = LogSink(descriptor: STDERR_FILENO)

    let descriptor: Int32
    /// Whether the last line was cut off; then the next one starts on a line of its own.
    private let isTorn = Mutex(false)

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    func write(_ line: LogLine) {
        isTorn.withLock { isTorn in
            if isTorn, !writeAll([UInt8(ascii: "\n")]) { return }
            isTorn = !writeAll(line.bytes)
        }
    }

    private func writeAll(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno == EAGAIN {
                    // Standard error may be non-blocking when it is shared with a program that made it so.
                    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    if poll(&wait, 1, Self.patienceMilliseconds) == 0 { break }
                } else if errno != EINTR {
                    break
                }
            }
            // A line of which nothing was written leaves no torn end.
            return rest.isEmpty || rest.count == bytes.count
        }
    }

    private static let patienceMilliseconds: Int32 = 100
}
