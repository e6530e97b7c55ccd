import Foundation
import TestSupport

/// A terminal in front of which a command runs.
final class Terminal {
    private let descriptor: Int32
    /// Held open, so that the terminal outlives the command.
    private let other: Int32
    private let path: String
    private let screen = Monitor<[UInt8]>([])

    init() throws {
        descriptor = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0, grantpt(descriptor) == 0, unlockpt(descriptor) == 0, let name = ptsname(descriptor)
        else { throw TestSupportError.system("posix_openpt") }
        path = String(cString: name)
        other = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        Thread.detachNewThread { [descriptor, screen] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count <= 0 { return }
                screen.withLock { $0 += buffer[..<count] }
            }
        }
    }

    deinit {
        close(other)
        close(descriptor)
    }

    /// All that was written to it, and the echo of what was typed; lines end with `\r\n`.
    var text: String { String(decoding: screen.value, as: UTF8.self) }

    func footbridge(_ arguments: [String], environment: [String: String] = [:]) throws -> ChildProcess {
        let script = #"exec "$0" "$@" <"$TERMINAL" >"$TERMINAL" 2>"$TERMINAL""#
        return try ChildProcess(
            "/bin/sh", ["-c", script, ChildProcess.footbridgeBinary()] + arguments,
            environment: environment.merging(["TERMINAL": path, "TERM": "xterm"]) { $1 })
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    func wait(for text: String, timeout: Duration = .seconds(10)) throws {
        let wanted = Array(text.utf8)
        guard screen.wait(timeout: timeout, until: { $0.firstRange(of: wanted) != nil }) else {
            throw TestSupportError("the terminal did not show “\(text)”, but “\(self.text)”")
        }
    }
}
