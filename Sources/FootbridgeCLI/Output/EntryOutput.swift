import ArgumentParser
import RedisStreams

/// How entries are printed.
struct EntryOutput: ParsableArguments {
    @Flag(
        help: """
            One JSON object per line: stream, id, time, fields; values that are not UTF-8 as base64 in fields_base64, names \
            that repeat or are not UTF-8 in pairs_base64.
            """)
    var json = false

    @Flag(help: "Only the values, their bytes as they are, a newline after each.")
    var raw = false

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Only fields of this name; several times: in the order of the options.", valueName: "name"))
    var field: [String] = []

    func validate() throws {
        if json && raw { throw ValidationError("--json and --raw contradict each other; leave one of them out") }
    }

    /// - Parameter streams: all that entries may come from.
    func printer(for streams: [String]) -> EntryPrinter {
        let output = LineOutput.standardOutput
        let format: EntryPrinter.Format =
            json ? .json : raw ? .raw : .text(EntryText(streams: streams, hasColour: output.hasColour))
        return EntryPrinter(format: format, fields: field, output: output)
    }
}

/// Prints entries, one after the other.
struct EntryPrinter {
    enum Format {
        case text(EntryText)
        case json
        case raw
    }

    private var format: Format
    /// Which of an entry's; all if empty.
    private let fields: [[UInt8]]
    private let output: LineOutput

    init(format: Format, fields: [String], output: LineOutput) {
        self.format = format
        self.fields = fields.distinct.map { Array($0.utf8) }
        self.output = output
    }

    mutating func print(_ message: Message) throws(OutputFailure) {
        let message = fields.isEmpty ? message : message.only(fields)
        switch format {
        case .text(var text):
            let line = text.line(message)
            format = .text(text)
            try output.put(line)
        case .json: try output.put(EntryJSON.line(message))
        case .raw: for field in message.fields { try output.put(field.value) }
        }
    }

    /// An entry that is pending and no longer in the stream; it has no bytes.
    mutating func printDeleted(_ stream: String, _ id: EntryID) throws(OutputFailure) {
        switch format {
        case .text(var text):
            let line = text.deleted(stream, id)
            format = .text(text)
            try output.put(line)
        case .json: try output.put(EntryJSON.deleted(stream, id))
        case .raw: break
        }
    }
}

extension Message {
    /// In the order of the names.
    func only(_ names: [[UInt8]]) -> Message {
        let picked = names.flatMap { name in fields.filter { $0.name.elementsEqual(name) } }
        return Message(stream: stream, id: id, fields: EntryFields(picked))
    }
}
