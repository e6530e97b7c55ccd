import Foundation
import Glibc
import Logging
import Testing

@testable import Footbridge

@Suite struct LogSetupTests {
    private func form(
        _ descriptor: Int32, _ format: LogFormat, _ variables: [String: String] = [:]
    ) -> LogOutput.Form {
        LogOutput(descriptor: descriptor, variable: { variables[$0] }).form(format)
    }

    @Test func `a pipe gets JSON unless text is asked for, and then no colours`() {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        #expect(form(descriptor, .auto) == .json)
        #expect(form(descriptor, .json) == .json)
        #expect(form(descriptor, .text) == .text(.plain))
    }

    /// <https://no-color.org>: "when present and not an empty string".
    @Test func `a terminal gets coloured text unless NO_COLOR, a dumb terminal or JSON is asked for`() throws {
        // The controlling side of a pseudo-terminal is a terminal, too (pty(7)).
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(terminal >= 0)
        defer { close(terminal) }
        #expect(form(terminal, .auto) == .text(.coloured))
        #expect(form(terminal, .auto, ["NO_COLOR": ""]) == .text(.coloured))
        #expect(form(terminal, .auto, ["NO_COLOR": "1"]) == .text(.plain))
        #expect(form(terminal, .auto, ["TERM": "dumb"]) == .text(.plain))
        #expect(form(terminal, .json) == .json)
    }

    /// systemd.exec(5), `$JOURNAL_STREAM`.
    @Test func `the journal is known by device and inode`() {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        var status = stat()
        fstat(descriptor, &status)
        let journal = "\(status.st_dev):\(status.st_ino)"
        #expect(form(descriptor, .auto, ["JOURNAL_STREAM": journal]) == .journal)
        #expect(form(descriptor, .json, ["JOURNAL_STREAM": journal]) == .json)
        #expect(form(descriptor, .text, ["JOURNAL_STREAM": journal]) == .text(.journal))
        #expect(form(descriptor, .journald) == .journal)
        #expect(form(descriptor, .auto, ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino + 1)"]) == .json)
        #expect(form(descriptor, .auto, ["JOURNAL_STREAM": ""]) == .json)
    }

    @Test func `a handler has the level it was asked for and ignores SIGPIPE`() {
        let before = signal(SIGPIPE, SIG_DFL)
        defer { signal(SIGPIPE, before) }
        #expect(LogSetup.makeHandler(level: .warning, format: .json) is JSONLogHandler)
        #expect(unsafeBitCast(signal(SIGPIPE, SIG_IGN), to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self))
        #expect(LogSetup.makeHandler(level: .warning, format: .text).logLevel == .warning)
    }
}
