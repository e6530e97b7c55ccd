import RedisStreams

/// What it means for a group to be moved in a stream, as it stands now.
struct GroupMove: Equatable {
    /// How many entries are looked at, at most.
    static let limit = 10_000

    let group: String
    let stream: String
    let from: EntryID
    let to: EntryID
    /// Entries between the two; `limit` + 1 stands for more than `limit`.
    let between: Int
    /// Of these, pending ones.
    let pending: Int

    private var isBack: Bool { to < from }

    var lines: [String] {
        let (name, key) = (EscapedText.line(group.utf8), EscapedText.line(stream.utf8))
        var lines = ["\(key): group \(name) will be moved \(isBack ? "back" : "on")"]
        lines.append("  from  \(from.shown)")
        lines.append("  to    \(to.shown)")
        let number = between > Self.limit ? "more than \(Self.limit)" : "\(between)"
        let entries = between == 1 ? "entry" : "entries"
        lines.append(
            isBack
                ? "  \(number) \(entries) will be delivered again"
                : "  \(number) unread \(entries) will be skipped: never delivered to this group")
        if isBack, pending > 0 {
            lines.append(
                "  \(pending > Self.limit ? "more than \(Self.limit)" : "\(pending)") of them are still pending")
        }
        return lines
    }
}

extension GroupMove {
    /// `nil` if it passes no entry.
    ///
    /// - Throws: if there is no such stream, or group.
    static func of(_ group: ConsumerGroup, _ stream: String, to position: StreamPosition) async throws -> GroupMove? {
        guard let info = try await group[stream].info() else {
            throw Redis.Failure(.noGroup, serverError: "no such group")
        }
        let to: EntryID =
            switch position {
            case .beginning: .zero
            case .after(let id): id
            case .latest: try await group[stream].stream.lastID
            }
        let from = info.lastDelivered
        let passed = EntryInterval(from: .excluded(min(from, to)), to: .included(max(from, to)))
        let entries: EntryRange = group[stream][passed].prefix(limit + 1)
        var between: Set<EntryID> = []
        for try await entry in entries { between.insert(entry.id) }
        guard !between.isEmpty else { return nil }
        // What is no longer in the stream may be pending, too.
        let pending = try await group[stream].pending(passed, count: limit + 1).count { between.contains($0.id) }
        return GroupMove(
            group: group.name, stream: stream, from: from, to: to, between: between.count, pending: pending)
    }
}
