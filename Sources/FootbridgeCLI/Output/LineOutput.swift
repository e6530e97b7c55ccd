import Glibc
import Synchronization

/// Standard output or error, a whole line at a time from any thread, and what is known of the terminal behind it.
struct LineOutput: Sendable {
    static let standardOutput = LineOutput(descriptor: STDOUT_FILENO)
    static let standardError = LineOutput(descriptor: STDERR_FILENO)

    private static let turn = Mutex(())
    let descriptor: Int32

    func write(_ line: String) { try? put(line) }

    func put(_ line: String) throws(OutputClosed) { try put(line.utf8) }

    /// Writes bytes and a line break.
    ///
    /// - Throws: if nobody reads any more.
    func put(_ line: some Sequence<UInt8>) throws(OutputClosed) { try put(bytes: Array(line) + [UInt8(ascii: "\n")]) }

    /// Writes without a line break.
    func prompt(_ text: String) { try? put(bytes: Array(text.utf8)) }

    private func put(bytes: [UInt8]) throws(OutputClosed) {
        let isWritten = Self.turn.withLock { _ in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
        if !isWritten { throw OutputClosed() }
    }

    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// On a terminal that can, unless `NO_COLOR` is set. <https://no-color.org>
    var hasColour: Bool {
        isTerminal && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
            && (getenv("TERM").map { String(cString: $0) != "dumb" } ?? false)
    }

    /// The terminal's width; 120 where there is none.
    var columns: Int {
        var size = winsize()
        guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 120 }
        return Int(size.ws_col)
    }
}

/// Whoever read the output has gone, as `head` does when it has enough.
struct OutputClosed: Error {}
