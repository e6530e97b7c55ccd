internal import FootbridgeWebhooks

/// Pieces of spans in the JSON of OTLP (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>): ids are hexadecimal,
/// numbers of 64 bits are strings.
enum SpanText {
    enum Value {
        case text(String)
        case number(Int)
    }

    /// `{"key":…,"value":{…}}`, with a comma in front unless it is the first.
    static func append(_ key: StaticString, _ value: Value, isFirst: Bool = false, to out: inout [UInt8]) {
        begin(key, isFirst: isFirst, to: &out)
        switch value {
        case .text(let text):
            out.append(contentsOf: #""stringValue":"#.utf8)
            append(text, to: &out)
        case .number(let number):
            out.append(contentsOf: #""intValue":""#.utf8)
            out.appendDecimal(number)
            out.append(UInt8(ascii: "\""))
        }
        out.append(contentsOf: "}}".utf8)
    }

    /// The same with text that `write` appends; it holds nothing that JSON would escape.
    static func append(_ key: StaticString, plain write: (inout [UInt8]) -> Void, to out: inout [UInt8]) {
        begin(key, isFirst: false, to: &out)
        out.append(contentsOf: #""stringValue":""#.utf8)
        write(&out)
        out.append(contentsOf: #""}}"#.utf8)
    }

    private static func begin(_ key: StaticString, isFirst: Bool, to out: inout [UInt8]) {
        out.append(contentsOf: isFirst ? #"{"key":""#.utf8 : #",{"key":""#.utf8)
        key.withUTF8Buffer { out.append(contentsOf: $0) }
        out.append(contentsOf: #"","value":{"#.utf8)
    }

    /// In quotes.
    static func append(_ text: String, to out: inout [UInt8]) {
        var text = text
        // A String is UTF-8 always.
        _ = text.withUTF8 { JSONString.append(UnsafeRawBufferPointer($0), to: &out) }
    }

    /// `"name":"…"` of ids and times, with a comma behind.
    static func append(member: StaticString, _ write: (inout [UInt8]) -> Void, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        member.withUTF8Buffer { out.append(contentsOf: $0) }
        out.append(contentsOf: #"":""#.utf8)
        write(&out)
        out.append(contentsOf: #"","#.utf8)
    }

    /// All that comes before the first span of a request.
    static func head(_ config: TracingConfig, instance: String) -> [UInt8] {
        var out = Array(#"{"resourceSpans":[{"resource":{"attributes":["#.utf8)
        append("service.name", .text(config.serviceName), isFirst: true, to: &out)
        append("service.version", .text(Version.current), to: &out)
        append("service.instance.id", .text(instance), to: &out)
        out.append(contentsOf: #"]},"scopeSpans":[{"scope":{"name":"footbridge","version":"#.utf8)
        append(Version.current, to: &out)
        out.append(contentsOf: #"},"spans":["#.utf8)
        return out
    }
}
