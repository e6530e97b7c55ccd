/// Rows of cells, aligned for people. What others named is escaped, so that no name can draw on the terminal.
struct TextTable {
    private var rows: [[String]]
    /// Columns from the left that hold words; the others hold numbers and end at the same place.
    private let left: Int

    init(_ header: [String], left: Int) {
        rows = [header]
        self.left = left
    }

    var isEmpty: Bool { rows.count == 1 }

    mutating func add(_ row: [String]) { rows.append(row.map { EscapedText.line($0.utf8) }) }

    /// Without a line break at the end.
    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let line = zip(row, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < left ? cell.0 + space : space + cell.0
            }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
