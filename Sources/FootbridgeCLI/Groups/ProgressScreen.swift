import RedisStreams

/// Where samples are shown: over each other on a terminal, otherwise a line for each row that has changed.
struct ProgressScreen {
    let output: LineOutput
    let isInPlace: Bool
    let json: Bool

    private var drawnLines = 0
    private var table: [String] = []
    private var shown: [ProgressSample.Row] = []
    private var isAway = false

    init(output: LineOutput, isInPlace: Bool, json: Bool) {
        self.output = output
        self.isInPlace = isInPlace
        self.json = json
    }

    mutating func show(_ sample: ProgressSample) throws(OutputFailure) {
        if isInPlace {
            table = sample.table(width: output.terminalColumns).split(separator: "\n").map(String.init)
            return try draw(table)
        }
        if isAway { complain("Redis is back") }
        isAway = false
        for (index, row) in sample.rows.enumerated()
        where !shown.indices.contains(index) || shown[index].group != row.group {
            try json ? output.put(sample.json(row)) : output.put(sample.line(row))
        }
        shown = sample.rows
    }

    mutating func show(away failure: Redis.Failure) throws(OutputFailure) {
        if isInPlace { return try draw(table + ["\(failure); waiting for it"]) }
        if !isAway { complain("\(failure); waiting for it") }
        isAway = true
    }

    /// Over what was drawn before.
    private mutating func draw(_ lines: [String]) throws(OutputFailure) {
        let columns = output.columns
        let up = drawnLines > 0 ? "\u{1b}[\(drawnLines)A" : ""
        let text = lines.map { "\r\u{1b}[K\(EscapedText.line($0.utf8, columns: columns))" }.joined(separator: "\n")
        try output.put("\(up)\(text)\u{1b}[J")
        drawnLines = lines.count
    }
}
