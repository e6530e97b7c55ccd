import Logging

/// Log lines for machines, one JSON object each, the metadata flat beside `time`, `level` and `message`:
/// `{"time":"2026-02-01T03:07:08.123Z","level":"warning","message":"endpoint unreachable","route":"orders","status":503}`.
///
/// Integers, finite floating-point numbers and booleans stay what they are; everything else is a string. The values of
/// `LogKeys.numeric` are numbers even where the line's author wrote digits, and `null` where he wrote `unknown`. A metadata
/// key that is one of the first three gets `metadata.` in front, so that no key comes twice.
struct JSONLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let sink: LogSink

    init(level: Logger.Level, sink: LogSink = .standardError) {
        logLevel = level
        self.sink = sink
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        sink.write(line(for: event, at: .utc(LogTime.now)))
    }

    func line(for event: LogEvent, at time: LogTime) -> LogLine {
        var line = LogLine()
        line.append("{\"time\":\"")
        time.appendISO8601(to: &line)
        line.append("\",\"level\":\"\(event.level.rawValue)\",\"message\":")
        line.appendQuoted(event.message.description)
        for (key, value) in LogFields(of: event, metadata: metadata, provider: metadataProvider).sorted {
            line.append(",")
            line.appendQuoted(Self.ownKeys.contains(key) ? "metadata." + key : key)
            line.append(":")
            if LogKeys.numeric.contains(key), case .string(let text) = value, let number = Self.number(text) {
                line.append(number)
            } else {
                Self.append(value, to: &line)
            }
        }
        line.append("}\n")
        return line
    }

    private static let ownKeys = ["time", "level", "message"]

    /// The JSON of a number that was written as text; `nil` if it is none.
    private static func number(_ text: String) -> String? {
        if text == "unknown" { return "null" }
        return Int(text).map(String.init) == text ? text : nil
    }

    private static func append(_ value: Logger.MetadataValue, to line: inout LogLine) {
        switch value {
        case .string(let text):
            line.appendQuoted(text)
        case .stringConvertible(let value):
            if isJSON(value) { line.append(value.description) } else { line.appendQuoted(value.description) }
        case .array(let values):
            append(values, in: ("[", "]"), to: &line) { append($0, to: &$1) }
        case .dictionary(let values):
            append(values.sorted { $0.key < $1.key }, in: ("{", "}"), to: &line) { pair, line in
                line.appendQuoted(pair.key)
                line.append(":")
                append(pair.value, to: &line)
            }
        }
    }

    private static func append<Element>(
        _ elements: [Element], in brackets: (String, String), to line: inout LogLine,
        each: (Element, inout LogLine) -> Void
    ) {
        line.append(brackets.0)
        for (index, element) in elements.enumerated() {
            if index > 0 { line.append(",") }
            each(element, &line)
        }
        line.append(brackets.1)
    }

    /// Whether a value's description is a JSON number or boolean (RFC 8259 §6: no infinity, no NaN).
    private static func isJSON(_ value: any CustomStringConvertible) -> Bool {
        switch value {
        case let number as Double: number.isFinite
        case let number as Float: number.isFinite
        case is Bool, is any BinaryInteger: true
        default: false
        }
    }
}
