/// Where a place inside of a value stands in the file.
///
/// The value is laid beside the file's own text, which has quotes, indentation and escapes besides: each of its characters is
/// the next equal one there, and white space is white space. In double quotes an escape can move a column by one or two.
enum ScalarPlace {
    /// - Parameters:
    ///   - line: in the value, from 1.
    ///   - column: in the value, from 1, in Unicode scalars; one behind the end is the end.
    ///   - start: where the value begins in the file.
    static func of(line: Int, column: Int, in value: String, at start: Place, _ file: [UInt8]) -> Place {
        let target = offset(line: line, column: column, in: value)
        var raw = Cursor(file, at: start)
        raw.skipProperties()
        if raw.current == "|" || raw.current == ">" { raw.skipLine() } else if raw.isAtQuote { raw.advance() }
        var last = raw.place
        for (index, scalar) in value.unicodeScalars.enumerated() {
            if scalar.properties.isWhitespace {
                if index == target { return raw.place }
                // As many as are there: folding makes one of several.
                let isBreak = raw.current?.properties.isWhitespace == true && raw.isAtBreak
                if raw.current?.properties.isWhitespace == true { raw.advance() }
                if isBreak || scalar == "\n" { raw.skipBlanks() }
                last = raw.place
                continue
            }
            while let current = raw.current, current != scalar { raw.advance() }
            guard raw.current != nil else { return start }
            if index == target { return raw.place }
            raw.advance()
            last = raw.place
        }
        return last
    }

    private static func offset(line: Int, column: Int, in value: String) -> Int {
        var (currentLine, currentColumn) = (1, 1)
        for (index, scalar) in value.unicodeScalars.enumerated() {
            if currentLine == line, currentColumn == column || scalar == "\n" { return index }
            if scalar == "\n" { (currentLine, currentColumn) = (currentLine + 1, 1) } else { currentColumn += 1 }
        }
        return value.unicodeScalars.count
    }

    /// A reader of the file that knows where it is.
    private struct Cursor {
        private let text: [Unicode.Scalar]
        private var index = 0
        private(set) var place = Place.start

        init(_ file: [UInt8], at start: Place) {
            text = Array(String(decoding: file, as: UTF8.self).unicodeScalars)
            while index < text.count, place < start { advance() }
        }

        var current: Unicode.Scalar? { index < text.count ? text[index] : nil }
        var isAtQuote: Bool { current == "'" || current == "\"" }
        /// Only blanks are left in this line.
        var isAtBreak: Bool { (text[index...].first { $0 != " " && $0 != "\t" && $0 != "\r" } ?? "\n") == "\n" }

        mutating func advance() {
            guard let current else { return }
            place =
                current == "\n"
                ? Place(line: place.line + 1, column: 1, file: place.file)
                : Place(line: place.line, column: place.column + 1, file: place.file)
            index += 1
        }

        /// `&anchor` and `!tag` in front of the value.
        mutating func skipProperties() {
            while current == "&" || current == "!" {
                while let scalar = current, !scalar.properties.isWhitespace { advance() }
                skipBlanks()
            }
        }

        mutating func skipLine() {
            while let scalar = current, scalar != "\n" { advance() }
            skipBlanks()
        }

        mutating func skipBlanks() {
            while let scalar = current, scalar.properties.isWhitespace { advance() }
        }
    }
}
