// libyaml's events are read directly: the composers on top of it stop at the first duplicate key, hash keys (which an alias
// bomb makes exponential) and recurse as deep as the file says.
import CFootbridgeYAML

/// What libyaml's parser says, one event after the other.
///
/// Not thread-safe; valid as long as the bytes are.
struct YAMLEvents: ~Copyable {
    enum Event {
        case scalar(String, isPlain: Bool, anchor: String?, tag: String?)
        case alias(String)
        case sequenceStart(anchor: String?, tag: String?)
        case mappingStart(anchor: String?, tag: String?)
        case sequenceEnd
        case mappingEnd
        case documentStart
        case documentEnd
        case streamStart
        case streamEnd
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: Int

    /// - Parameter file: the number of the file, for places.
    init(_ bytes: UnsafeBufferPointer<UInt8>, file: Int) throws(YAMLFailure) {
        self.file = file
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw YAMLFailure(place: Place(line: 1, column: 1, file: file), path: "", message: "out of memory")
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
        self.parser = parser
        self.bytes = bytes
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event; after `.streamEnd` only `.streamEnd`.
    mutating func next() throws(YAMLFailure) -> (event: Event, place: Place) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { yaml_event_delete(&event) }
        return (Self.translate(event), Place(event.start_mark, file: file))
    }

    private static func translate(_ event: yaml_event_t) -> Event {
        let data = event.data
        switch event.type {
        case YAML_SCALAR_EVENT:
            let bytes = UnsafeBufferPointer(start: data.scalar.value, count: data.scalar.length)
            return .scalar(
                String(decoding: bytes, as: UTF8.self), isPlain: data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: string(data.scalar.anchor), tag: string(data.scalar.tag))
        case YAML_ALIAS_EVENT: return .alias(string(data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            return .sequenceStart(anchor: string(data.sequence_start.anchor), tag: string(data.sequence_start.tag))
        case YAML_MAPPING_START_EVENT:
            return .mappingStart(anchor: string(data.mapping_start.anchor), tag: string(data.mapping_start.tag))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_STREAM_START_EVENT: return .streamStart
        default: return .streamEnd  // YAML_NO_EVENT comes only after the end of the stream.
        }
    }

    private func failure() -> YAMLFailure {
        guard let problem = parser.pointee.problem else {
            return YAMLFailure(place: .start, path: "", message: "out of memory")
        }
        let text = String(cString: problem)
        guard parser.pointee.error != YAML_READER_ERROR else {
            // The reader knows an offset only; line and column follow from the bytes before it.
            let before = bytes.prefix(parser.pointee.problem_offset)
            let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count { $0 & 0xC0 != 0x80 } + 1
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            return YAMLFailure(
                place: Place(line: line, column: column, file: file), path: "", message: "not valid YAML: \(text)")
        }
        let mark = parser.pointee.problem_mark
        let isTab = mark.index < bytes.count && bytes[mark.index] == UInt8(ascii: "\t")
        var cure = isTab ? "; indent with spaces, not tabs" : ""
        let rest = bytes[min(mark.index, bytes.count)...].prefix(2)
        if text.contains("unknown escape character"), rest.contains(UInt8(ascii: "(")) {
            cure = "; write text with \\(…) in single quotes: '…\\(.fields.type)…'"
        }
        return YAMLFailure(place: Place(mark, file: file), path: "", message: "not valid YAML: \(text)\(cure)")
    }

    private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}

/// Why the text is no YAML, or more of it than a configuration can need.
struct YAMLFailure: Error {
    let place: Place
    let path: String
    let message: String
}

extension Place {
    fileprivate init(_ mark: yaml_mark_t, file: Int) {
        self.init(line: mark.line + 1, column: mark.column + 1, file: file)
    }
}
