import RedisStreams

/// One look at a group.
struct ProgressSample: Equatable {
    struct Row: Equatable {
        let stream: String
        /// `nil`: there is no such group any more.
        let group: GroupInfo?
        /// The change of the lag per second.
        var lagRate: Double?
    }

    let milliseconds: UInt64
    var rows: [Row] = []

    func with(ratesSince last: ProgressSample?, after time: Duration?) -> ProgressSample {
        guard let last, let time, time > .zero else { return self }
        var sample = self
        for (index, before) in zip(rows.indices, last.rows) {
            guard let lag = rows[index].group?.lag, let lagBefore = before.group?.lag else { continue }
            sample.rows[index].lagRate = Double(lag - lagBefore) / (time / .seconds(1))
        }
        return sample
    }
}

extension ProgressSample {
    /// A table, drawn anew each time.
    func table(width: Int?) -> String {
        var records = Self.records(["stream"])
        for row in rows { records.add([.text(row.stream)] + row.values) }
        return records.text(width: width)
    }

    /// For people who read along: `2026-01-02T00:00:00.000Z  orders  last delivered 5-0  pending 3  lag 12 (-4/s)`.
    func line(_ row: Row) -> String {
        let head = "\(time)  \(EscapedText.line(row.stream.utf8))"
        guard let group = row.group else { return "\(head)  no such group" }
        let rate = row.lagRate.map { " (\(RecordValue.signed($0))/s)" } ?? ""
        return "\(head)  last delivered \(group.lastDelivered)  pending \(group.pendingCount)  "
            + "lag \(group.lag.map(String.init) ?? "?")\(rate)"
    }

    func json(_ row: Row) -> [UInt8] {
        var records = Self.records(["time", "stream"])
        records.add([.text(time), .text(row.stream)] + (row.group == nil ? [] : row.values))
        return records.lines[0].bytes
    }

    private var time: String { EntryID(milliseconds: milliseconds).time ?? "-" }

    private static func records(_ names: [String]) -> Records {
        Records(names + ["last_delivered", "pending", "lag", "lag_per_second"], left: 1)
    }
}

extension ProgressSample.Row {
    fileprivate var values: [RecordValue] {
        guard let group else { return [.id(nil), .count(nil), .count(nil), .rate(nil)] }
        return [.id(group.lastDelivered), .count(group.pendingCount), .count(group.lag), .rate(lagRate)]
    }
}
