import ArgumentParser
import Glibc
import Synchronization

/// Standard output or error, a whole line at a time from any thread, and what is known of the terminal behind it.
struct LineOutput: Sendable {
    static let standardOutput = LineOutput(descriptor: STDOUT_FILENO)
    static let standardError = LineOutput(descriptor: STDERR_FILENO)

    private static let turn = Mutex(())
    /// The first of standard output, also where whoever wrote did not ask.
    private static let firstFailure = Mutex<OutputFailure?>(nil)
    let descriptor: Int32

    func write(_ line: String) { try? put(line) }

    func put(_ line: String) throws(OutputFailure) { try put(line.utf8) }

    /// Writes bytes and a line break.
    func put(_ line: some Sequence<UInt8>) throws(OutputFailure) { try put(bytes: Array(line) + [UInt8(ascii: "\n")]) }

    /// Writes without a line break.
    func prompt(_ text: String) { try? put(bytes: Array(text.utf8)) }

    private func put(bytes: [UInt8]) throws(OutputFailure) {
        let failure = Self.turn.withLock { _ -> OutputFailure? in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return OutputFailure(code: count < 0 ? errno : EIO) }
                rest = rest.dropFirst(count)
            }
            return nil
        }
        guard let failure else { return }
        if descriptor == STDOUT_FILENO { Self.firstFailure.withLock { $0 = $0 ?? failure } }
        throw failure
    }

    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// On a terminal that can, unless `NO_COLOR` is set. <https://no-color.org>
    var hasColour: Bool {
        isTerminal && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
            && (getenv("TERM").map { String(cString: $0) != "dumb" } ?? false)
    }

    /// The terminal's width; 120 where there is none.
    var columns: Int { terminalColumns ?? 120 }

    /// `nil` if there is no terminal, or one that does not say.
    var terminalColumns: Int? {
        var size = winsize()
        guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}

/// Standard output did not take what was written: the disk is full, for example.
struct OutputFailure: Error, Equatable {
    /// As in `errno`.
    let code: Int32

    /// Whoever read has gone, as `head` does when it has enough: no failure of the command.
    var isClosed: Bool { code == EPIPE }
}

extension LineOutput {
    /// Descriptors that are closed would be given to the next file or socket, which would get what is printed. Opened the
    /// wrong way round they fail as if they were closed still.
    static func holdStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// The exit code of a command that is done: another one if something that it printed was not taken, which is told.
    static func exit(after code: ExitCode) -> ExitCode {
        // What was printed with `print` may be in a buffer still.
        let buffered = fflush(nil) == 0 ? nil : OutputFailure(code: errno)
        guard let failure = firstFailure.withLock({ $0 }) ?? buffered, !failure.isClosed else { return code }
        complain("footbridge: standard output cannot be written: \(String(cString: strerror(failure.code)))")
        return code == .success ? CommandExit.output : code
    }
}
