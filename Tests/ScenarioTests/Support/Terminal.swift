import Foundation
import TestSupport

/// A terminal in front of which a command runs.
final class Terminal {
    private let descriptor: Int32
    /// Held open, so that the terminal outlives the command.
    private let other: Int32
    private let path: String
    private let screen = Monitor<[UInt8]>([])

    /// TIOCSPTLCK and TIOCGPTN of <asm-generic/ioctls.h>, which Swift cannot read, for they are computed.
    private static let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)

    /// - Parameter columns: its width; without it, it says none.
    init(columns: UInt16 = 0) throws {
        descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (locked, number): (Int32, Int32) = (0, 0)
        guard descriptor >= 0, ioctl(descriptor, Self.setLock, &locked) == 0,
            ioctl(descriptor, Self.getNumber, &number) == 0
        else { throw TestSupportError("no terminal: \(String(cString: strerror(errno)))") }
        path = "/dev/pts/\(number)"
        other = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        var size = winsize(ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        if columns > 0 { _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size) }
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

    func wait(for text: String, timeout: Duration = .patience) throws {
        let wanted = Array(text.utf8)
        guard screen.wait(timeout: timeout, until: { $0.firstRange(of: wanted) != nil }) else {
            throw TestSupportError("the terminal did not show “\(text)”, but “\(self.text)”")
        }
    }
}
