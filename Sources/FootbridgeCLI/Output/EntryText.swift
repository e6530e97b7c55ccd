import RedisStreams

/// Entries as lines for people: the stream where there are several, id, time, and the fields. The columns stand below each
/// other; what others wrote is escaped, and long values are cut, which shows.
struct EntryText {
    private let streams: [String]
    private let hasColour: Bool
    private let streamColumns: Int
    /// For ids of today; wider from the first on that is.
    private var idColumns = 15

    init(streams: [String], hasColour: Bool = false) {
        self.streams = streams.count > 1 ? streams : []
        self.hasColour = hasColour
        streamColumns = self.streams.map { EscapedText.columns(of: Self.shown($0).utf8) }.max() ?? 0
    }

    mutating func line(_ message: Message) -> String {
        let fields = message.fields.map { "\(EscapedText.line($0.name))=\(Self.value($0.value))" }
        return head(message.stream, message.id) + fields.joined(separator: "  ")
    }

    mutating func deleted(_ stream: String, _ id: EntryID) -> String {
        head(stream, id) + "(deleted: pending, but no longer in the stream)"
    }

    private mutating func head(_ stream: String, _ id: EntryID) -> String {
        let (id, time) = (id.description, id.time ?? "-")
        idColumns = max(idColumns, id.count)
        return name(stream) + padded(id, idColumns) + padded(time, 24)
    }

    private func name(_ stream: String) -> String {
        guard let index = streams.firstIndex(of: stream) else { return "" }
        let name = padded(Self.shown(stream), streamColumns)
        return hasColour ? Self.paint(name, index) : name
    }

    private func padded(_ text: String, _ columns: Int) -> String {
        text + String(repeating: " ", count: max(0, columns - EscapedText.columns(of: text.utf8)) + 2)
    }

    /// Cyan, yellow, magenta, green, blue, red, and from the beginning.
    private static func paint(_ text: String, _ index: Int) -> String {
        "\u{1b}[\([36, 33, 35, 32, 34, 31][index % 6])m\(text)\u{1b}[0m"
    }

    private static func shown(_ stream: String) -> String { EscapedText.line(stream.utf8) }

    private static func value(_ bytes: ArraySlice<UInt8>) -> String {
        let head = bytes.prefix(4 * longest)
        let text = EscapedText.line(head)
        let cut = EscapedText.line(head, columns: longest)
        if text == cut && head.count == bytes.count { return text }
        return "\(cut)\(cut.last == "…" ? "" : "…") (\(bytes.count) bytes)"
    }

    /// In columns of a terminal.
    private static let longest = 500
}
