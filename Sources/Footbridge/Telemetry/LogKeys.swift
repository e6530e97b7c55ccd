/// The metadata keys of log lines, in the order in which a line shows them.
///
/// One name per thing, so that a search for `route=orders` finds every line about that route. Keys that are not
/// listed here come behind these, by alphabet.
public enum LogKeys {
    // Where
    public static let instance = "instance"
    public static let worker = "worker"
    public static let route = "route"
    public static let stream = "stream"
    public static let group = "group"
    public static let consumer = "consumer"
    public static let entry = "entry"
    public static let cause = "cause"
    public static let endpoint = "endpoint"
    public static let channel = "channel"
    public static let address = "address"
    public static let path = "path"
    public static let key = "key"
    public static let pid = "pid"

    // What
    public static let attempt = "attempt"
    public static let status = "status"
    public static let outcome = "outcome"
    public static let reason = "reason"
    public static let nextProbe = "next_probe_in"
    public static let after = "after"
    public static let nextAttempt = "next_attempt"
    public static let duration = "duration_ms"
    public static let signal = "signal"
    public static let changes = "changes"
    public static let count = "count"
    public static let waiting = "waiting"
    public static let routes = "routes"
    public static let position = "position"
    public static let last = "last"
    public static let trimmed = "trimmed"
    public static let bytes = "bytes"
    public static let version = "version"
    public static let limit = "limit"
    public static let needed = "needed"
    /// Spans
    public static let dropped = "dropped"

    // The summary of a route
    public static let delivered = "delivered"
    public static let filtered = "filtered"
    public static let retried = "retried"
    public static let dead = "dead"
    public static let backlog = "backlog"
    public static let pending = "pending"
    public static let p50 = "p50_ms"
    public static let p99 = "p99_ms"

    public static let error = "error"

    /// All keys, in the order of a line.
    public static let inOrder = [
        instance, worker, route, stream, group, consumer, entry, endpoint, channel, address, path, key, pid, attempt,
        status,
        outcome,
        reason, duration, nextProbe, nextAttempt, after, signal, count, waiting, routes, position, last, trimmed, bytes,
        version, limit,
        needed, dropped, delivered,
        retried,
        dead, backlog, pending, p50, p99, error,
    ]

    /// Keys whose values are numbers for machines, too, in whichever form a line's author gave them.
    static let numeric: Set<String> = [
        worker, pid, attempt, duration, dropped, status, count, waiting, routes, trimmed, bytes, delivered, filtered,
        retried, dead,
        backlog,
        pending, p50,
        p99,
    ]

    private static let ranks = Dictionary(uniqueKeysWithValues: inOrder.enumerated().map { ($1, $0) })

    /// Whether `left` stands before `right` on a line.
    static func precedes(_ left: String, _ right: String) -> Bool {
        let ranks = (ranks[left] ?? .max, ranks[right] ?? .max)
        return ranks.0 == ranks.1 ? left < right : ranks.0 < ranks.1
    }
}
