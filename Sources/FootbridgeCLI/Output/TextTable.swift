/// Rows of cells, aligned for people. What others named is escaped, so that no name can draw on the terminal.
struct TextTable {
    /// What a column holds, and what becomes of it where the table is too wide.
    enum Column {
        /// Names: begin at the same place. The widest are cut.
        case word
        /// Begin at the same place, too, but are of no use in part: they stay.
        case identifier
        /// Numbers, and ids among them: end at the same place, and stay.
        case number
        /// Says once more what its neighbour says: is left out first.
        case explanation(isWord: Bool)
    }

    private var rows: [[String]]
    private let columns: [Column]

    /// - Parameter left: columns from the left that hold words; the others hold numbers.
    init(_ header: [String], left: Int) {
        self.init(header, columns: header.indices.map { $0 < left ? .word : .number })
    }

    init(_ header: [String], columns: [Column]) {
        rows = [header]
        self.columns = columns
    }

    var isEmpty: Bool { rows.count == 1 }

    mutating func add(_ row: [String]) { rows.append(row.map { EscapedText.line($0.utf8) }) }

    /// Without a line break at the end.
    var text: String { text(Array(columns.indices), widths) }

    /// The same, no wider than a terminal.
    ///
    /// - Parameter width: `nil` if it may be as wide as it likes.
    func text(width: Int?) -> String {
        guard let width else { return text }
        var widths = widths
        var shown = Array(columns.indices)
        func excess() -> Int { shown.reduce(-2) { $0 + widths[$1] + 2 } - width }
        if excess() > 0 { shown.removeAll { if case .explanation = columns[$0] { true } else { false } } }
        let words = shown.filter { if case .word = columns[$0] { true } else { false } }
        while excess() > 0, let widest = words.max(by: { widths[$0] < widths[$1] }), widths[widest] > Self.leastWidth {
            widths[widest] -= 1
        }
        let text = text(shown, widths)
        guard excess() > 0 else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { EscapedText.line($0.utf8, columns: width) }.joined(separator: "\n")
    }

    /// To which words are cut: so much still tells most names apart.
    private static let leastWidth = 8

    private var widths: [Int] {
        columns.indices.map { column in rows.map { EscapedText.columns(of: $0[column].utf8) }.max() ?? 0 }
    }

    private func text(_ shown: [Int], _ widths: [Int]) -> String {
        rows.map { row in
            let line = shown.map { column in
                let cell = EscapedText.line(row[column].utf8, columns: widths[column])
                let space = String(repeating: " ", count: widths[column] - EscapedText.columns(of: cell.utf8))
                return isWord(column) ? cell + space : space + cell
            }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    private func isWord(_ column: Int) -> Bool {
        switch columns[column] {
        case .word, .identifier, .explanation(isWord: true): true
        case .number, .explanation(isWord: false): false
        }
    }
}
