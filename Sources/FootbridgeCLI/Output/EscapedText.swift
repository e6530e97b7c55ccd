/// Text that others sent, made fit for one line of a terminal.
///
/// Control characters would let a sender move the cursor, recolour or forge lines; those that turn the direction of
/// writing would let it show other text than was sent. All of them, and bytes that are not UTF-8, are written as
/// escapes.
enum EscapedText {
    /// - Parameter columns: cut to this width, the last one then being `…`.
    static func line(_ bytes: some Sequence<UInt8>, columns: Int = .max) -> String {
        // No scalar has more than four bytes; marks of no width beyond that are cut.
        let bytes = columns < 1 << 20 ? Array(bytes.prefix(4 * max(columns, 0) + 8)) : Array(bytes)
        var pieces: [(text: String, width: Int)] = []
        var width = 0
        var position = 0
        // One piece beyond the width is enough to know that it has to be cut.
        while width <= columns {
            guard let (piece, length) = piece(bytes[position...]) else { return pieces.map(\.text).joined() }
            pieces.append(piece)
            width += piece.width
            position += length
        }
        while width > columns - 1, let last = pieces.popLast() { width -= last.width }
        return columns > 0 ? pieces.map(\.text).joined() + "…" : ""
    }

    /// How wide it is on a terminal.
    static func columns(of bytes: some Sequence<UInt8>) -> Int {
        let bytes = Array(bytes)
        var (position, width) = (0, 0)
        while let (piece, length) = piece(bytes[position...]) {
            width += piece.width
            position += length
        }
        return width
    }

    /// The first scalar, or the first bytes that are none, as shown; and how many bytes that is.
    private static func piece(_ bytes: ArraySlice<UInt8>) -> ((text: String, width: Int), length: Int)? {
        var source = bytes.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        switch parser.parseScalar(from: &source) {
        case .emptyInput: return nil
        case .valid(let encoded): return (shown(Unicode.UTF8.decode(encoded)), encoded.count)
        case .error(let length):
            let text = bytes.prefix(length).map(escape).joined()
            return ((text, text.utf8.count), length)
        }
    }

    private static func escape(_ byte: UInt8) -> String { "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    private static func shown(_ scalar: Unicode.Scalar) -> (text: String, width: Int) {
        let escape: String
        switch scalar {
        case "\n": escape = "\\n"
        case "\r": escape = "\\r"
        case "\t": escape = "\\t"
        default:
            switch scalar.properties.generalCategory {
            case .control where scalar.isASCII: escape = Self.escape(UInt8(truncatingIfNeeded: scalar.value))
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
                // The joiner of emoji sequences and of several scripts does no harm.
                if scalar == "\u{200d}" { return ("\u{200d}", 0) }
                escape = "\\u{\(String(scalar.value, radix: 16))}"
            case .nonspacingMark, .enclosingMark: return (String(scalar), 0)
            default: return (String(scalar), isWide(scalar) ? 2 : 1)
            }
        }
        return (escape, escape.utf8.count)
    }

    /// East Asian Wide and Fullwidth (UAX #11), by blocks, and emoji.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97c, 0xac00...0xd7a3, 0xf900...0xfaff,
            0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x20000...0x3fffd:
            true
        default: scalar.properties.isEmojiPresentation
        }
    }
}
