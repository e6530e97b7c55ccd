internal import Footbridge
internal import FootbridgeCurl

/// `/api/v1/routes/NAME/waiting`
struct WaitingPage: Encodable {
    struct Entry: Encodable {
        let stream: String
        let entry: String
        let attempts: Int
        /// Absent: when its endpoint takes something.
        let dueInS: Double?
        let endpoint: String
    }

    let waiting: [Entry]
    let total: Int

    /// - Parameter entries: of each worker by due time.
    init(_ entries: [WaitingEntry], limit: Int, total: Int) {
        let sorted = entries.sorted { left, right in
            switch (left.due, right.due) {
            case (let left?, let right?): left < right
            case (_?, nil): true
            case (nil, _?): false
            case (nil, nil): left.entry < right.entry
            }
        }
        waiting = sorted.prefix(limit).map { entry in
            Entry(
                stream: entry.stream, entry: "\(entry.entry)", attempts: entry.attempts,
                dueInS: entry.due.map { Double($0.wholeMilliseconds) / 1000 }, endpoint: entry.endpoint)
        }
        self.total = total
    }
}
