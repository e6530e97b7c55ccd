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
        var patience = LogPatience()
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
                guard state.patience.wait(for: descriptor) else { break }
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
}
