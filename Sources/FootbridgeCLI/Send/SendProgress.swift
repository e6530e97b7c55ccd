import Glibc

/// The line that shows how far sending is: drawn anew on a terminal, one line at the end otherwise. On standard error.
///
/// With a file as input there is a bar, by the bytes read; of a pipe nobody knows the end.
struct SendProgress {
    private(set) var sent = 0
    private var bytesRead = 0
    private let totalBytes = Self.sizeOfInput()
    private let start = ContinuousClock.now
    private var drawn = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1

    mutating func read(_ line: ArraySlice<UInt8>) { bytesRead += line.count + 1 }

    mutating func add(_ count: Int) {
        sent += count
        let now = ContinuousClock.now
        guard isTerminal, now - drawn > .milliseconds(100) else { return }
        drawn = now
        draw("\r\u{1b}[K\(line)")
    }

    func finish() { draw(isTerminal ? "\r\u{1b}[K\(line)\n" : "\(line)\n") }

    private var line: String {
        let elapsed = (ContinuousClock.now - start).components
        let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
        // Of a moment no rate can be told.
        let rate = seconds > 0.5 ? ", \(Int(Double(sent) / seconds))/s" : ""
        let pace = "\(sent) \(sent == 1 ? "entry" : "entries")\(rate)"
        guard isTerminal, let totalBytes, totalBytes > 0 else { return pace }
        return Self.bar(Double(bytesRead) / Double(totalBytes)) + " " + pace
    }

    /// Thirty places wide.
    static func bar(_ share: Double) -> String {
        let filled = Int(30 * min(max(share, 0), 1))
        return String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
    }

    /// What is left to read, if standard input is a file.
    private static func sizeOfInput() -> Int? {
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size) - max(0, Int(lseek(STDIN_FILENO, 0, SEEK_CUR)))
    }

    private func draw(_ text: String) {
        var text = text
        _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
