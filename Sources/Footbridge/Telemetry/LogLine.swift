import Logging

/// The bytes of one log line while it is put together.
struct LogLine {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// A number that is not negative, with leading zeros up to `width` digits.
    mutating func append(_ number: Int, width: Int) {
        let digits = String(number)
        for _ in 0..<max(0, width - digits.utf8.count) { bytes.append(UInt8(ascii: "0")) }
        append(digits)
    }

    /// A JSON string (RFC 8259 §7) that is also safe to look at on a terminal: see `needsEscape`.
    mutating func appendQuoted(_ text: String) {
        append("\"")
        appendEscaped(text, quotes: true)
        append("\"")
    }

    /// The text with escapes for what may not stand in a line; with `quotes` also for `"` and `\`.
    mutating func appendEscaped(_ text: String, quotes: Bool) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"" where quotes: append("\\\"")
            case "\\" where quotes: append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case _ where Self.needsEscape(scalar):
                let digits = String(scalar.value, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
            default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }

    /// What ends a line, drives a terminal, is invisible or changes the order of reading: C0 and C1 controls, DEL, zero-width
    /// characters, line and paragraph separators, bidirectional overrides and isolates, the byte-order mark (which some
    /// JSON parsers drop after an escape). All lie below U+10000.
    static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: true
        default: false
        }
    }
}

/// The metadata of one event, each key once, in the order of `LogKeys`.
struct LogFields {
    let sorted: [(key: String, value: Logger.MetadataValue)]

    /// What is nearer to the event wins: the call's metadata over the provider's over the logger's.
    init(of event: LogEvent, metadata: Logger.Metadata, provider: Logger.MetadataProvider?) {
        var all = metadata
        if let provided = provider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error, all[LogKeys.error] == nil { all[LogKeys.error] = .string("\(error)") }
        sorted = all.sorted { LogKeys.precedes($0.key, $1.key) }
    }
}
