import Foundation
import Logging
import Testing

@testable import Footbridge

@Suite struct JSONLogHandlerTests {
    /// `date -u -d @1769915228`.
    private let time = LogTime.utc(timespec(tv_sec: 1_769_915_228, tv_nsec: 5_000_000))

    private func line(_ message: Logger.Message, _ metadata: Logger.Metadata) -> String {
        let line = JSONLogHandler(level: .trace).line(for: event(.warning, message, metadata), at: time)
        return String(decoding: line.bytes, as: UTF8.self)
    }

    @Test func `a line is one object with flat metadata in the order of LogKeys`() {
        #expect(
            line("endpoint unreachable", ["status": .stringConvertible(503), "route": "orders", "zone": "a"])
                == #"{"time":"2026-02-01T03:07:08.005Z","level":"warning","message":"endpoint unreachable","#
                + #""route":"orders","status":503,"zone":"a"}"# + "\n")
    }

    @Test func `numbers and booleans stay what they are, as far as JSON has them`() {
        #expect(
            line(
                "m",
                [
                    "a": .stringConvertible(UInt64.max), "b": .stringConvertible(-1.5), "c": .stringConvertible(true),
                    "d": .stringConvertible(Double.infinity), "e": .stringConvertible(Double.nan),
                ])
                == #"{"time":"2026-02-01T03:07:08.005Z","level":"warning","message":"m","#
                + #""a":18446744073709551615,"b":-1.5,"c":true,"d":"inf","e":"nan"}"# + "\n")
    }

    @Test func `what is a number by its key is one, and null where it is unknown`() {
        #expect(
            line("m", ["pid": "4711", "count": "007", "backlog": "unknown", "dead": "", "route": "1", "attempt": "-3"])
                == #"{"time":"2026-02-01T03:07:08.005Z","level":"warning","message":"m","#
                + #""route":"1","pid":4711,"attempt":-3,"count":"007","dead":"","backlog":null}"# + "\n")
    }

    @Test func `lists and dictionaries nest`() {
        #expect(
            line("m", ["a": ["x", ["k": "v", "j": []]]])
                == #"{"time":"2026-02-01T03:07:08.005Z","level":"warning","message":"m","a":["x",{"j":[],"k":"v"}]}"#
                + "\n")
    }

    @Test func `no key comes twice`() {
        #expect(
            line("m", ["level": "x", "time": "y", "message": "z"])
                == #"{"time":"2026-02-01T03:07:08.005Z","level":"warning","message":"m","#
                + #""metadata.level":"x","metadata.message":"z","metadata.time":"y"}"# + "\n")
    }

    @Test func `every character survives a JSON parser, on one line of text`() throws {
        var hostile = String(String.UnicodeScalarView((0...0x2FF).compactMap { Unicode.Scalar($0) }))
        hostile += "\u{2028}\u{2029}\u{202E}\u{2066}\u{FEFF}\u{FFFF}\u{1F600}\u{10FFFF}\"\\/"
        let line = line("\(hostile)", ["k\"\n": "\(hostile)"])
        #expect(line.unicodeScalars.filter { LogLine.needsEscape($0) }.map(\.value) == [0x0A])
        let parsed = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(parsed.keys.sorted() == ["k\"\n", "level", "message", "time"])
        // Scalars, because two strings are equal when they only look equal; and numbers can be printed if it fails.
        for key in ["message", "k\"\n"] {
            #expect(parsed[key]?.unicodeScalars.map(\.value) == hostile.unicodeScalars.map(\.value))
        }
    }
}
