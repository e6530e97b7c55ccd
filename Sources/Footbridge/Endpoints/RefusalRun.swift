internal import FootbridgeCurl

/// Refusals in a row by an endpoint with a learned rate: each of a request that started after the one before was known.
///
/// A single one happens whenever the rate touches the limit, and used nothing up: the next request goes after 0.3 of the usual
/// distance. With each further one that gap grows threefold, up to a second, so that an endpoint that refuses everything
/// gets few requests. The third one, if the run has lasted 100 ms and two requests' time, proves that `Retry-After` is meant
/// for all. After a pause the first one does, for nothing has been accepted since.
struct RefusalRun {
    /// How long after the latest refusal the next request starts.
    private(set) var gap: Duration

    private let since: MonotonicTime
    private var startedAt: MonotonicTime
    private var knownAt: MonotonicTime
    private var count: Int

    private static let longestGap = Duration.seconds(1)
    private static let proof = 3
    private static let shortestProof = Duration.milliseconds(100)

    init(_ refused: Attempt, rate: Double, now: MonotonicTime) {
        (since, startedAt, knownAt, count) = (now, refused.startedAt, now, 1)
        gap = min(.seconds(0.3 / rate), Self.longestGap)
    }

    /// All wait already.
    init(pausedAt now: MonotonicTime) {
        (since, startedAt, knownAt, count) = (now, now, now, Self.proof)
        gap = Self.shortestProof
    }

    /// An acceptance ends it, unless that was on its way before.
    func isEnded(by accepted: Attempt) -> Bool { accepted.startedAt >= startedAt }

    /// - Returns: whether it tells anything new.
    mutating func add(_ refused: Attempt, now: MonotonicTime) -> Bool {
        guard refused.startedAt >= knownAt else { return false }
        (startedAt, knownAt, count) = (refused.startedAt, now, count + 1)
        gap = min(gap * 3, Self.longestGap)
        return true
    }

    func isProof(rate: Double, now: MonotonicTime) -> Bool {
        count >= Self.proof && now - since >= max(Self.shortestProof, .seconds(2 / rate))
    }
}
