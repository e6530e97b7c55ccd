/// What a program may not name: it sees its input and nothing else, and does not end the process.
enum JQRules {
    private static let refused: [String: String] = [
        "env": "the environment is not open to programs",
        "input": "there is one input, which is .", "inputs": "there is one input, which is .",
        "input_filename": "there are no files here", "input_line_number": "there are no files here",
        "import": "there are no modules; write the definition into the program",
        "include": "there are no modules; write the definition into the program",
        "module": "there are no modules", "modulemeta": "there are no modules",
        "get_search_list": "there are no modules", "get_jq_origin": "there are no modules",
        "get_prog_origin": "there are no modules",
        "debug": "nobody reads what it prints", "stderr": "nobody reads what it prints",
        "halt": "a program only gives results; use error(\"…\")",
        "halt_error": "a program only gives results; use error(\"…\")",
        "$ENV": "the environment is not open to programs", "$__loc__": "it has no meaning here",
        "$__prog_args": "it has no meaning here",
    ]

    /// Longer programs are none: libjq's parser and compiler recurse.
    static let maximumBytes = 64 << 10

    static func problems(in text: String) -> [JQProblem] {
        let text = JQText(text)
        guard text.bytes.contains(where: { !" \t\r\n".utf8.contains($0) }) else {
            return [JQProblem(message: "is empty; write a program, such as .fields", line: 1, column: 1)]
        }
        guard text.bytes.count <= maximumBytes else {
            return [JQProblem(message: "is longer than 64 KiB", line: 1, column: 1)]
        }
        if let index = text.bytes.firstIndex(of: 0) {
            let (line, column) = text.place(of: index)
            return [JQProblem(message: "holds a NUL byte", line: line, column: column)]
        }
        var problems: [JQProblem] = []
        text.names { name, index in
            let word =
                switch name {
                case .plain(let word), .variable(let word): word
                }
            guard let why = refused[word] else { return }
            let (line, column) = text.place(of: index)
            problems.append(JQProblem(message: "\(word) cannot be used: \(why)", line: line, column: column))
        }
        return problems
    }
}
