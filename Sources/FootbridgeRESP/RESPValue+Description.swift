extension RESPValue: CustomStringConvertible {
    /// For debugging, cut after some 200 characters. It may show bodies: not for logs above debug level.
    public var description: String {
        var writer = DescriptionWriter()
        writer.write(self)
        return writer.text
    }
}

extension RESPValue {
    /// Type and size without the content, for logs and errors: `array of 3`, `string of 12 bytes`.
    public var shape: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .integer: "integer"
        case .double: "double"
        case .bigNumber: "big number"
        case .simpleString(let bytes), .bulkString(let bytes), .verbatim(_, let bytes): "string of \(bytes.count) bytes"
        case .error: "error"
        case .array(let elements): "array of \(elements.count)"
        case .set(let elements): "set of \(elements.count)"
        case .push(let elements): "push of \(elements.count)"
        case .map(let elements): "map of \(elements.count / 2)"
        }
    }
}

/// Writes a value until its room is used up, so that a large reply costs no more than a small one.
private struct DescriptionWriter {
    var text = ""
    private var room = 200

    mutating func write(_ value: RESPValue) {
        switch value {
        case .null: put("null")
        case .boolean(let value): put(value ? "true" : "false")
        case .integer(let value): put("\(value)")
        case .double(let value): put("\(value)")
        case .bigNumber(let digits): put("big ", digits)
        case .simpleString(let bytes), .bulkString(let bytes), .verbatim(_, let bytes): put("", bytes)
        case .error(let bytes): put("error ", bytes)
        case .array(let elements): list("[", elements, "]")
        case .set(let elements): list("set [", elements, "]")
        case .push(let elements): list("push [", elements, "]")
        case .map(let elements): list("{", elements, "}", isMap: true)
        }
    }

    private mutating func list(
        _ open: String, _ elements: some Sequence<RESPValue>, _ close: String, isMap: Bool = false
    ) {
        put(open)
        for (index, element) in elements.enumerated() {
            guard room > 0 else { return }
            if index > 0 { put(isMap && index % 2 == 1 ? ": " : ", ") }
            write(element)
        }
        put(close)
    }

    private mutating func put(_ prefix: String, _ bytes: ArraySlice<UInt8>) {
        put(prefix + "\"")
        for byte in bytes {
            guard room > 0 else { return }
            put(escaped(byte))
        }
        put("\"")
    }

    private mutating func put(_ piece: String) {
        guard room > 0 else { return }
        text += piece
        room -= piece.utf8.count
        if room <= 0 { text += "…" }
    }

    private func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
        case 0x20..<0x7F: String(UnicodeScalar(byte))
        default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
}
