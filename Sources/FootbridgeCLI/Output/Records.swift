import ArgumentParser
import RedisStreams

/// A value of a table that is printed for people or as NDJSON.
enum RecordValue: Sendable, Equatable {
    case text(String)
    /// `nil`: unknown.
    case count(Int?)
    /// There is none.
    case absent
    /// An id and, in the column behind it, its time.
    case id(EntryID?)
    case duration(Duration)
    /// A change per second.
    case rate(Double?)
}

/// Rows of values under names: a table for people, or one JSON object per row.
struct Records {
    private let names: [String]
    private let left: Int
    private(set) var rows: [[RecordValue]] = []

    /// - Parameters:
    ///   - names: as JSON has them; the table's are in capitals.
    ///   - left: columns from the left that hold words.
    init(_ names: [String], left: Int) {
        self.names = names
        self.left = left
    }

    mutating func add(_ row: RecordValue...) { rows.append(row) }
    mutating func add(_ row: [RecordValue]) { rows.append(row) }

    /// Empty without rows.
    var text: String { text(width: nil) }

    /// - Parameter width: that of the terminal, if there is one.
    func text(width: Int?) -> String {
        guard let first = rows.first else { return "" }
        var (header, columns): ([String], [TextTable.Column]) = ([], [])
        for (name, value) in zip(names, first) {
            let isLeft = columns.count < left
            header.append(name.uppercased().replacing("_", with: " "))
            columns.append(value.isText ? .word : isLeft ? .identifier : .number)
            guard value.isID else { continue }
            header.append("TIME")
            columns.append(.explanation(isWord: columns.count < left))
        }
        var table = TextTable(header, columns: columns)
        for row in rows { table.add(row.flatMap(\.cells)) }
        return table.text(width: width)
    }

    var lines: [JSONLine] {
        rows.map { row in
            var line = JSONLine()
            for (name, value) in zip(names, row) { value.add(to: &line, as: name) }
            return line
        }
    }

    func print(json: Bool, to output: LineOutput = .standardOutput) throws(OutputFailure) {
        guard json else { return rows.isEmpty ? () : try output.put(text(width: output.terminalColumns)) }
        for line in lines { try output.put(line.bytes) }
    }
}

extension RecordValue {
    fileprivate var isID: Bool { if case .id = self { true } else { false } }

    fileprivate var isText: Bool { if case .text = self { true } else { false } }

    fileprivate var cells: [String] {
        switch self {
        case .text(let text): [text]
        case .count(let count): [count.map(String.init) ?? "?"]
        case .absent: ["-"]
        case .id(let id): [id?.description ?? "-", id.map { $0.time ?? "-" } ?? "-"]
        case .duration(let duration): [StatusReport.time(duration / .seconds(1))]
        case .rate(let rate): [rate.map(Self.signed) ?? "?"]
        }
    }

    /// What is unknown is left out.
    fileprivate func add(to line: inout JSONLine, as name: String) {
        switch self {
        case .text(let text): line.add(name, text)
        case .count(let count): if let count { line.add(name, count) }
        case .absent: return
        case .id(let id):
            guard let id else { return }
            line.add(name, id.description)
            if let time = id.time { line.add(name == "id" ? "time" : "\(name)_time", time) }
        case .duration(let duration): line.add("\(name)_seconds", duration / .seconds(1))
        case .rate(let rate): if let rate { line.add(name, rate) }
        }
    }

    /// `+12`, `-0.5`, `0`
    static func signed(_ rate: Double) -> String {
        let tenths = (rate * 10).rounded()
        guard tenths != 0 else { return "0" }
        let whole = tenths.truncatingRemainder(dividingBy: 10) == 0
        return (tenths > 0 ? "+" : "") + (whole ? "\(Int(tenths / 10))" : "\(tenths / 10)")
    }
}

/// How tables are printed.
struct RecordOutput: ParsableArguments {
    @Flag(help: "One JSON object per line; what is unknown is left out.")
    var json = false
}
