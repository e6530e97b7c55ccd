/// Statuses that mean something else at one receiver than `StatusTable` says.
public struct StatusKinds: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// It took it, or had it already.
        case delivered
        case messageRefused = "message_refused"
        case routeRefused = "route_refused"
        case throttled
        case outage
    }

    private var kinds: [Int: Kind] = [:]

    public init() {}

    public var isEmpty: Bool { kinds.isEmpty }

    public subscript(status: Int) -> Kind? {
        get { kinds[status] }
        set { kinds[status] = newValue }
    }

    /// The statuses of a kind, in order.
    public func statuses(_ kind: Kind) -> [Int] { kinds.filter { $0.value == kind }.keys.sorted() }

    /// Whether `Retry-After` counts for a status.
    public func heedsRetryAfter(_ status: Int) -> Bool {
        guard let kind = self[status] else { return status == 429 || status == 503 }
        return kind == .throttled
    }

    /// The outcome of an attempt that was answered.
    public func outcome(of status: Int, retryAfter: RetryAfter?) -> Outcome {
        switch self[status] {
        case nil: StatusTable.outcome(of: status, retryAfter: retryAfter)
        case .delivered: .delivered(status: status)
        case .messageRefused: .messageRefused(status: status)
        case .routeRefused: .routeRefused(.status(status))
        case .throttled: .throttled(status: status, retryAfter: retryAfter)
        case .outage: .outage(.status(status))
        }
    }
}
