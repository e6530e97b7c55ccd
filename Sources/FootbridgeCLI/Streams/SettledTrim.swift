import Footbridge
import RedisStreams

/// What of a stream can go because no group needs it, and what stands in the way of more.
struct SettledTrim: Equatable {
    /// How many entries are looked at, at most.
    static let limit = 10_000

    let stream: String
    let step: TrimStep
    /// A number is to stay, not an age: then whole nodes go.
    let isCounted: Bool
    /// How many could go; beyond `limit` more than that.
    let count: Int

    /// - Throws: if there is no such stream.
    static func of(_ target: TrimTarget, on key: String, _ redis: Redis) async throws -> SettledTrim {
        let step = try await redis.call(.trimSettled(target, stream: key, required: [], isDry: true))
        return try await of(target, step, on: key) { try await redis.call($0) }
    }

    /// - Parameters:
    ///   - step: of a dry run.
    ///   - read: reads a page of the stream.
    static func of<Failure: Error>(
        _ target: TrimTarget, _ step: TrimStep, on key: String,
        read: (StreamCommand<[StreamEntry]>) async throws(Failure) -> [StreamEntry]
    ) async throws(Failure) -> SettledTrim {
        let most = min(limit + 1, step.excess(over: target))
        var (count, start) = (0, EntryBound.open)
        while count < most, let bound = step.bound, bound != .zero {
            let page = try await read(
                .range(key, from: start, to: .excluded(bound), count: min(1000, most - count)))
            guard let last = page.last else { break }
            count += page.count
            start = .excluded(last.id)
        }
        let isCounted = if case .keep(.entries(let kept)) = target { kept > 0 } else { false }
        return SettledTrim(stream: key, step: step, isCounted: isCounted, count: count)
    }

    /// How many, as far as they were counted.
    var size: String {
        count > Self.limit ? "more than \(Self.limit)" : count > 0 && isCounted ? "up to \(count)" : "\(count)"
    }

    var lines: [String] {
        let name = EscapedText.line(stream.utf8)
        return ["\(name): \(size) of \(step.length) entries would go; \(reason)"]
    }

    /// Why nothing went.
    var obstacle: String {
        count > 0 && isCounted
            ? "only whole nodes of Redis go, of 100 entries by default, and fewer were to go" : reason
    }

    /// Why not more goes.
    var reason: String {
        guard let floor = step.floor, let slowest = step.slowest else {
            return "no group reads this stream, so nothing counts as settled"
        }
        let who = "group \(EscapedText.line(slowest.utf8))"
        if !step.isHeld { return "all that is older than \(step.wanted ?? floor) is settled" }
        if floor > step.lastID { return "everything is settled" }
        // The id after 0-0, which is before all.
        if step.pending == 0, floor <= EntryID(milliseconds: 0, sequence: 1) { return "\(who) has not read anything" }
        return step.pending > 0
            ? "\(who) holds what comes from \(floor) on: it has \(step.pending) pending"
            : "\(who), the slowest, has not read what comes from \(floor) on"
    }
}
