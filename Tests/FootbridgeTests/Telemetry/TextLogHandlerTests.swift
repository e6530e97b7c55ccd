import Glibc
import Logging
import Testing

@testable import Footbridge

@Suite struct TextLogHandlerTests {
    /// 2026-02-01T03:07:08.123Z: `date -u -d @1769915228`.
    private let time = LogTime.utc(timespec(tv_sec: 1_769_915_228, tv_nsec: 123_999_999))

    private func line(
        _ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata = [:],
        style: TextLogHandler.Style = .plain
    ) -> String {
        let handler = TextLogHandler(level: .trace, style: style)
        return String(decoding: handler.line(for: event(level, message, metadata), at: time).bytes, as: UTF8.self)
    }

    @Test func `a line has time, level, message and the metadata in the order of LogKeys`() {
        #expect(
            line(.warning, "endpoint unreachable", ["zone": "a", "status": "503", "route": "orders"])
                == "03:07:08.123 warn  endpoint unreachable  route=orders status=503 zone=a\n")
    }

    @Test func `a line without metadata ends with the message`() {
        #expect(line(.info, "ready") == "03:07:08.123 info  ready\n")
    }

    @Test(arguments: [
        ("", #""""#), ("two words", #""two words""#), ("say \"hi\"", #""say \"hi\"""#), (#"C:\x"#, #"C:\x"#),
        ("a=b", "a=b"), ("line\nbreak", #""line\nbreak""#), ("\u{1B}[31mred", #""\u001b[31mred""#),
        ("\u{9B}31m", #""\u009b31m""#), ("\u{202E}drawkcab", #""\u202edrawkcab""#), ("\u{7F}", #""\u007f""#),
        ("Grüße", "Grüße"), ("\0", #""\u0000""#),
    ])
    func `a value is quoted when it could be misread or could drive the terminal`(value: String, written: String) {
        #expect(line(.info, "m", ["reason": "\(value)"]) == "03:07:08.123 info  m  reason=\(written)\n")
    }

    @Test func `a message cannot break out of its line`() {
        #expect(line(.error, "a\n<0>b \"c\"") == "03:07:08.123 error a\\n<0>b \"c\"\n")
    }

    /// Priorities: syslog(3); the prefix: sd-daemon(3).
    @Test(arguments: [
        (Logger.Level.trace, "<7>trace m\n"), (.debug, "<7>debug m\n"), (.info, "<6>info  m\n"),
        (.notice, "<5>note  m\n"), (.warning, "<4>warn  m\n"), (.error, "<3>error m\n"), (.critical, "<2>crit  m\n"),
    ])
    func `the journal gets the priority and no time`(level: Logger.Level, expected: String) {
        #expect(line(level, "m", style: .journal) == expected)
    }

    @Test func `colours surround time, level and keys, and nothing else`() {
        #expect(
            line(.warning, "m", ["route": "orders"], style: .coloured)
                == "\u{1B}[2m03:07:08.123\u{1B}[0m \u{1B}[33mwarn \u{1B}[0m m  \u{1B}[2mroute=\u{1B}[0morders\n")
    }

    @Test func `what is nearer to the event wins`() {
        var handler = TextLogHandler(level: .trace, style: .plain)
        handler.metadata = ["a": "logger", "b": "logger", "c": "logger"]
        handler.metadataProvider = Logger.MetadataProvider { ["b": "provider", "c": "provider"] }
        let bytes = handler.line(for: event(.info, "m", ["c": "call"]), at: time).bytes
        #expect(String(decoding: bytes, as: UTF8.self) == "03:07:08.123 info  m  a=logger b=provider c=call\n")
    }

    @Test func `the error of an event becomes metadata`() {
        var event = event(.error, "m", [:])
        event.error = EmbeddedRedisError.stopped
        let bytes = TextLogHandler(level: .trace, style: .plain).line(for: event, at: time).bytes
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "03:07:08.123 error m  error=\"the embedded redis was stopped before it had started\"\n")
    }
}

func event(_ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata) -> LogEvent {
    LogEvent(
        level: level, message: message, metadata: metadata, source: nil, file: #fileID, function: #function, line: 1)
}
