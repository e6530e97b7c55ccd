/// What libjq says of a program that it cannot compile.
///
/// `jq: error: foo/0 is not defined at <top-level>, line 2:\n foo | bar    `: the line of the program follows, and behind it as
/// many spaces as stand before the place (jq 1.6, src/locfile.c).
enum JQMessages {
    static func problems(_ text: some Collection<UInt8>, in program: String) -> [JQProblem] {
        let program = JQText(program)
        let problems = text.split(separator: 0).compactMap { problem(String(decoding: $0, as: UTF8.self), program) }
        return problems.isEmpty ? [JQProblem(message: "is no jq program", line: 1, column: 1)] : problems
    }

    private static func problem(_ message: String, _ program: JQText) -> JQProblem? {
        let (words, place) = split(message)
        var text = words.hasPrefix("jq: error: ") ? String(words.dropFirst(11)) : words
        // "jq: 1 compile error": the sum.
        guard !text.hasPrefix("jq: ") else { return nil }
        let isAtEnd = text.contains("unexpected $end")
        for (word, plain) in plainWords { text = replacing(word, plain, in: text) }
        guard let place, !isAtEnd else {
            let (line, column) = program.place(of: isAtEnd ? program.bytes.count : 0)
            return JQProblem(message: text, line: line, column: column)
        }
        let start = program.start(ofLine: place.line)
        let length = program.bytes[start...].prefix { $0 != UInt8(ascii: "\n") }.count
        let (line, column) = program.place(of: start + min(max(0, place.bytes - length), length))
        return JQProblem(message: text, line: line, column: column)
    }

    /// The words, the line, and how many bytes follow it.
    private static func split(_ message: String) -> (words: String, place: (line: Int, bytes: Int)?) {
        guard let at = message.firstRange(of: " at <top-level>, line ") else { return (message, nil) }
        let rest = message[at.upperBound...]
        let digits = rest.prefix { $0.isNumber }
        guard let line = Int(digits), rest.dropFirst(digits.count).hasPrefix(":\n") else { return (message, nil) }
        // Not counted in characters: the program may hold anything.
        return (String(message[..<at.lowerBound]), (line, rest.utf8.count - digits.utf8.count - 2))
    }

    private static let plainWords = [
        (" (Unix shell quoting issues?)", ""), ("unexpected $end", "unexpected end"), (", expecting $end", ""),
        ("INVALID_CHARACTER", "character"), ("IDENT", "name"), ("QQSTRING_START", "string"), ("LITERAL", "number"),
        (", expecting QQSTRING_TEXT or QQSTRING_INTERP_START or QQSTRING_END", " of a string"),
    ]

    private static func replacing(_ part: String, _ other: String, in text: String) -> String {
        guard let found = text.firstRange(of: part) else { return text }
        return text[..<found.lowerBound] + other + text[found.upperBound...]
    }
}
