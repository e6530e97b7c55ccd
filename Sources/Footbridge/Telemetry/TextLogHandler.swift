import Glibc
import Logging

/// Log lines for people: `03:07:08.123 warn  endpoint unreachable  route=orders status=503`.
///
/// Values that are empty or hold a space, a quote or a control byte stand in quotes, written as a JSON string.
struct TextLogHandler: LogHandler {
    enum Style {
        case plain
        /// With the colours of a terminal.
        case coloured
        /// For the journal: `<4>` in front is the priority (sd-daemon(3)), and there is no time, which the journal has.
        case journal
    }

    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let style: Style
    private let sink: LogSink

    init(level: Logger.Level, style: Style, sink: LogSink = .standardError) {
        logLevel = level
        self.style = style
        self.sink = sink
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        sink.write(line(for: event, at: .local(LogTime.now)))
    }

    func line(for event: LogEvent, at time: LogTime) -> LogLine {
        var line = LogLine()
        switch style {
        case .journal:
            line.append("<\(event.level.priority)>")
        case .plain:
            time.appendClock(to: &line)
            line.append(" ")
        case .coloured:
            line.append(Colour.faint)
            time.appendClock(to: &line)
            line.append(Colour.off + " ")
        }
        append(event.level.word, in: event.level.colour, to: &line)
        line.append(" ")
        let fields = LogFields(of: event, metadata: metadata, provider: metadataProvider)
        Self.append(event.message, fields, inColour: style == .coloured, to: &line)
        line.append("\n")
        return line
    }

    /// The message and the metadata.
    static func append(_ message: Logger.Message, _ fields: LogFields, inColour: Bool = false, to line: inout LogLine) {
        line.appendEscaped(message.description, quotes: false)
        var gap = "  "
        for (key, value) in fields.sorted {
            line.append(gap)
            gap = " "
            let name = quotedIfNeeded(key) + "="
            line.append(inColour ? Colour.faint + name + Colour.off : name)
            line.append(quotedIfNeeded(value.description))
        }
    }

    private func append(_ text: String, in colour: String, to line: inout LogLine) {
        line.append(style == .coloured ? colour + text + Colour.off : text)
    }

    private static func quotedIfNeeded(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { $0 != " " && $0 != "\"" && !LogLine.needsEscape($0) }
        if isPlain, !text.isEmpty { return text }
        var line = LogLine()
        line.appendQuoted(text)
        return String(decoding: line.bytes, as: UTF8.self)
    }
}

/// Select Graphic Rendition sequences, ECMA-48 §8.3.117.
private enum Colour {
    static let off = "\u{1B}[0m"
    static let faint = "\u{1B}[2m"
    static let green = "\u{1B}[32m"
    static let yellow = "\u{1B}[33m"
    static let cyan = "\u{1B}[36m"
    static let red = "\u{1B}[31m"
    static let boldRed = "\u{1B}[1;31m"
}

extension Logger.Level {
    /// Five letters wide, so that messages stand in a column.
    fileprivate var word: String {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info "
        case .notice: "note "
        case .warning: "warn "
        case .error: "error"
        case .critical: "crit "
        }
    }

    /// The priority of syslog(3).
    var priority: Int32 {
        switch self {
        case .trace, .debug: LOG_DEBUG
        case .info: LOG_INFO
        case .notice: LOG_NOTICE
        case .warning: LOG_WARNING
        case .error: LOG_ERR
        case .critical: LOG_CRIT
        }
    }

    fileprivate var colour: String {
        switch self {
        case .trace, .debug: Colour.faint
        case .info: Colour.green
        case .notice: Colour.cyan
        case .warning: Colour.yellow
        case .error: Colour.red
        case .critical: Colour.boldRed
        }
    }
}
