import Foundation
import Glibc
import Logging
import Testing

@testable import Footbridge

@Suite struct LogSetupTests {
    private func style(
        _ descriptor: Int32, json: Bool?, _ variables: [String: String] = [:]
    ) -> TextLogHandler.Style? {
        LogOutput(descriptor: descriptor, variable: { variables[$0] }).textStyle(json: json)
    }

    @Test func `a pipe gets JSON unless text is asked for, and then no colours`() {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        #expect(style(descriptor, json: nil) == nil)
        #expect(style(descriptor, json: true) == nil)
        #expect(style(descriptor, json: false) == .plain)
    }

    /// <https://no-color.org>: "when present and not an empty string".
    @Test func `a terminal gets coloured text unless NO_COLOR, a dumb terminal or JSON is asked for`() throws {
        // The controlling side of a pseudo-terminal is a terminal, too (pty(7)).
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(terminal >= 0)
        defer { close(terminal) }
        #expect(style(terminal, json: nil) == .coloured)
        #expect(style(terminal, json: nil, ["NO_COLOR": ""]) == .coloured)
        #expect(style(terminal, json: nil, ["NO_COLOR": "1"]) == .plain)
        #expect(style(terminal, json: nil, ["TERM": "dumb"]) == .plain)
        #expect(style(terminal, json: true) == nil)
    }

    /// systemd.exec(5), `$JOURNAL_STREAM`.
    @Test func `the journal is known by device and inode`() {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        var status = stat()
        fstat(descriptor, &status)
        let journal = "\(status.st_dev):\(status.st_ino)"
        #expect(style(descriptor, json: nil, ["JOURNAL_STREAM": journal]) == .journal)
        #expect(style(descriptor, json: true, ["JOURNAL_STREAM": journal]) == nil)
        #expect(style(descriptor, json: nil, ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino + 1)"]) == nil)
        #expect(style(descriptor, json: nil, ["JOURNAL_STREAM": ""]) == nil)
    }

    @Test func `a handler has the level it was asked for and ignores SIGPIPE`() {
        let before = signal(SIGPIPE, SIG_DFL)
        defer { signal(SIGPIPE, before) }
        #expect(LogSetup.makeHandler(level: .warning, json: true) is JSONLogHandler)
        #expect(unsafeBitCast(signal(SIGPIPE, SIG_IGN), to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self))
        #expect(LogSetup.makeHandler(level: .warning, json: false).logLevel == .warning)
    }
}
