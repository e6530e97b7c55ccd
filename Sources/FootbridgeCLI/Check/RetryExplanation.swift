import Footbridge
import RedisStreams

/// What an entry of a route goes through that nobody accepts: each attempt, the wait before it, and the time since the first.
struct RetryExplanation: CustomStringConvertible {
    let route: RouteConfig

    /// Beyond this many attempts the middle is left out.
    private static let shownAttempts = 40

    var description: String {
        var lines: [String] = []
        var (since, attempt) = (Duration.zero, 1)
        lines.append(row("1", "-", "0s"))
        while attempt < route.retry.attempts {
            let wait = policy.delay(afterAttempt: attempt, of: .zero)
            if let age = route.retry.maximumAge, since + wait > age { break }
            since += wait
            attempt += 1
            if attempt <= Self.shownAttempts || attempt == route.retry.attempts {
                lines.append(row("\(attempt)", clock(wait), clock(since)))
            } else if attempt == Self.shownAttempts + 1 {
                lines.append(row("…", "…", "…"))
            }
        }
        let end = attempt < route.retry.attempts ? "max_age ends it: " : ""
        let isHeld = route.isOrdered && route.onDead == .hold
        let fate =
            isHeld
            ? "then once in \(clock(policy.longestDelay)) for as long as it takes" : "given up after \(clock(since))"
        let head = "\(route.name): \(end)\(attempt) attempt\(attempt == 1 ? "" : "s"), \(fate)"
        let jitter = route.retry.backoff.jitter
        var notes = jitter > 0 ? ["Each wait is moved by up to \(Int((jitter * 100).rounded())) %, up or down."] : []
        if isHeld { notes.append("It is never given up: on_dead is hold.") }
        if !isHeld, route.retry.giveUp == .whenOthersPass {
            notes.append(
                route.retry.maximumAge == nil
                    ? "While the endpoint accepts nothing at all, no entry is given up, however often it was tried."
                    : "While the endpoint accepts nothing at all, no entry is given up before max_age.")
        }
        return ([head, row("attempt", "wait before it", "since the first")] + lines + notes).joined(separator: "\n")
    }

    /// The schedule itself, not that of one entry.
    private var policy: RetryPolicy {
        var policy = route.retry
        policy.backoff.jitter = 0
        return policy
    }

    private func row(_ attempt: String, _ wait: String, _ since: String) -> String {
        padded(attempt, 9) + padded(wait, 17) + padded(since, 18)
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }

    /// `34m7s`, `1d3h`, `1.5s`: the two largest units that count.
    private func clock(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if (1..<60).contains(seconds) {
            var text = "\(Double(seconds) + Double(attoseconds / 10_000_000_000_000_000) / 100)"
            if text.hasSuffix(".0") { text.removeLast(2) }
            return text + "s"
        }
        let parts = [
            (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"),
            (attoseconds / 1_000_000_000_000_000, "ms"),
        ]
        let shown = parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
        return shown.isEmpty ? "0s" : shown.map { "\($0.0)\($0.1)" }.joined()
    }
}
