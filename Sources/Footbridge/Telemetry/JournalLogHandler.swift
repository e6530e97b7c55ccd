import Logging

/// Entries of systemd's journal. `MESSAGE` is the line that a terminal would show; beside it stand `PRIORITY`,
/// `SYSLOG_IDENTIFIER`, the message alone as `FOOTBRIDGE_EVENT`, and each key of the metadata as `FOOTBRIDGE_<KEY>`.
struct JournalLogHandler: LogHandler {
    var logLevel: Logger.Level { didSet { lines.logLevel = logLevel } }
    var metadata: Logger.Metadata = [:] { didSet { lines.metadata = metadata } }
    var metadataProvider: Logger.MetadataProvider? { didSet { lines.metadataProvider = metadataProvider } }
    private let socket: JournalSocket
    /// Where an entry goes that the journal does not take.
    private var lines: TextLogHandler

    init(level: Logger.Level, socket: JournalSocket, sink: LogSink = .standardError) {
        logLevel = level
        self.socket = socket
        lines = TextLogHandler(level: level, style: .journal, sink: sink)
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        if !socket.send(entry(for: event)) { lines.log(event: event) }
    }

    func entry(for event: LogEvent) -> [UInt8] {
        let fields = LogFields(of: event, metadata: metadata, provider: metadataProvider)
        var entry: [UInt8] = []
        var line = LogLine()
        TextLogHandler.append(event.message, fields, to: &line)
        Self.append("MESSAGE", line.bytes, to: &entry)
        Self.append("PRIORITY", "\(event.level.priority)".utf8, to: &entry)
        Self.append("SYSLOG_IDENTIFIER", "footbridge".utf8, to: &entry)
        Self.append("FOOTBRIDGE_EVENT", event.message.description.utf8, to: &entry)
        for (key, value) in fields.sorted {
            Self.append(Self.name(key), value.description.utf8, to: &entry)
        }
        return entry
    }

    /// At most 64 letters, digits and `_` (systemd.journal-fields(7)).
    private static func name(_ key: String) -> String {
        let letters = key.utf8.prefix(53).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: UInt8(ascii: "_")
            }
        }
        return "FOOTBRIDGE_" + String(decoding: letters, as: UTF8.self)
    }

    /// `NAME=value`, or with a line break in the value: the name, its length in 64 bits of little endian, the value.
    private static func append(_ name: String, _ value: some Collection<UInt8>, to entry: inout [UInt8]) {
        entry.append(contentsOf: name.utf8)
        if value.contains(UInt8(ascii: "\n")) {
            entry.append(UInt8(ascii: "\n"))
            withUnsafeBytes(of: UInt64(value.count).littleEndian) { entry.append(contentsOf: $0) }
        } else {
            entry.append(UInt8(ascii: "="))
        }
        entry.append(contentsOf: value)
        entry.append(UInt8(ascii: "\n"))
    }
}
