import RedisStreams

/// What a trim will remove, as it stands now.
struct TrimLoss: Equatable {
    struct Group: Equatable {
        let name: String
        /// Between the first and the last that go; `limit` stands for so many or more.
        let pending: Int
        /// Some that go were not given to the group yet.
        let hasUnread: Bool
    }

    /// How many entries are looked at, at most.
    static let limit = 10_000

    let stream: String
    let length: Int
    /// How many go; beyond `limit` more than that, unless `isCountKnown`.
    let count: Int
    var isCountKnown = true
    var isApproximate = false
    let first: EntryID
    /// `nil`: too many to look at.
    let last: EntryID?
    /// Those that still need some of them.
    var groups: [Group] = []

    var lines: [String] {
        let name = EscapedText.line(stream.utf8)
        let number = isCountKnown ? "\(count)" : "more than \(Self.limit)"
        var lines = ["\(name): \(number) of \(length) entries \(isApproximate ? "may" : "will") be removed"]
        lines.append("  from  \(first.shown)")
        guard let last else {
            return lines + ["  too many to see which of them groups have not read, or not acknowledged"]
        }
        lines.append("  to    \(last.shown)")
        for group in groups {
            let name = EscapedText.line(group.name.utf8)
            if group.hasUnread { lines.append("  group \(name) has not read all of them") }
            guard group.pending > 0 else { continue }
            let pending = group.pending < Self.limit ? "\(group.pending)" : "\(Self.limit) or more"
            lines.append("  group \(name) has \(pending) pending there: they cannot be delivered again")
        }
        return lines
    }
}

/// What is to stay of a stream.
enum TrimBound: Equatable {
    case newest(Int)
    case from(EntryID)
}

extension TrimLoss {
    /// `nil` if nothing goes.
    ///
    /// - Throws: if there is no such stream.
    static func of(
        _ bound: TrimBound, on key: String, approximate: Bool, _ redis: Redis
    ) async throws -> TrimLoss? {
        let stream = redis.stream(key)
        let info = try await stream.info()
        guard let first = info.firstID, let goes = try await goes(bound, on: stream, info) else { return nil }
        var loss = TrimLoss(
            stream: key, length: info.length, count: goes.count, isCountKnown: goes.isCountKnown,
            isApproximate: approximate, first: first, last: goes.last)
        guard let last = goes.last else { return loss }
        for group in try await stream.groups() {
            let pending = try await redis.consumerGroup(group.name, of: [key])[key].pending(
                EntryInterval(from: .included(first), to: .included(last)), count: limit)
            let lost = Group(name: group.name, pending: pending.count, hasUnread: group.lastDelivered < last)
            if lost.pending > 0 || lost.hasUnread { loss.groups.append(lost) }
        }
        return loss
    }

    private typealias Goes = (count: Int, isCountKnown: Bool, last: EntryID?)

    private static func goes(
        _ bound: TrimBound, on stream: Redis.Stream, _ info: StreamInfo
    ) async throws -> Goes? {
        switch bound {
        case .newest(let kept):
            let count = info.length - kept
            guard count > 0 else { return nil }
            // From the nearer end.
            if kept < limit { return (count, true, try await stream[...].reversed().prefix(kept + 1).last) }
            return (count, true, count <= limit ? try await stream[...].prefix(count).last : nil)
        case .from(let id):
            let range = stream[EntryInterval(to: .excluded(id))]
            let entries: EntryRange = range.prefix(limit + 1)
            var count = 0
            for try await _ in entries { count += 1 }
            return count == 0 ? nil : (count, count <= limit, try await range.reversed().first?.id)
        }
    }
}

extension EntryRange {
    /// The id of the last that is iterated.
    fileprivate var last: EntryID? {
        get async throws {
            var last: EntryID?
            for try await entry in self { last = entry.id }
            return last
        }
    }
}
