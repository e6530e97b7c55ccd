/// A value within a field, as JSON has it. Numbers keep their text, so that none is rounded on its way.
///
/// Numbers that are not finite are written as Python and others write them: `NaN`, `Infinity`, `-Infinity`.
indirect enum FieldJSON {
    case null
    case bool(Bool)
    case number(String)
    case text(String)
    case array([FieldJSON])
    case object([(name: String, value: FieldJSON)])
    /// Still being encoded.
    case open(OpenJSON)
}

/// What an encoder was asked for: its containers may be filled when others are under way already.
final class OpenJSON {
    enum Shape { case none, single, array, object }

    var shape = Shape.none
    var single = FieldJSON.null
    var elements: [FieldJSON] = []
    var members: [(name: String, value: FieldJSON)] = []

    /// As it is now. A value that asked for no container has no properties.
    var value: FieldJSON {
        switch shape {
        case .none: return .object([])
        case .single: if case .open(let inner) = single { return inner.value } else { return single }
        case .array: return .array(elements)
        case .object: return .object(members)
        }
    }
}

extension FieldJSON {
    /// Appends the JSON text, without spaces; members in the order of their names, so that equal values make equal fields.
    func write(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .text(let text): Self.write(text, into: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.name < $1.name }).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.name, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        case .open(let open): open.value.write(into: &bytes)
        }
    }

    private static func write(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: "\\u00\(digits.utf8.count < 2 ? "0" : "")\(digits)".utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// As the field of a property: a text stands as it is, unless it could be taken for JSON.
    func writeField(into bytes: inout [UInt8]) {
        if case .text(let text) = self, FieldJSON(Array(text.utf8)[...]) == nil {
            bytes.append(contentsOf: text.utf8)
        } else {
            write(into: &bytes)
        }
    }
}
