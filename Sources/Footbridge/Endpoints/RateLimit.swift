internal import Curl
internal import Synchronization

/// How many requests may start at an endpoint, as its owner says: `limit` on average, and up to `burst` at once after a pause.
public struct RateLimit: Sendable, Hashable {
    public var perSecond: Double
    /// Requests that may start at once; at least 1.
    public var burst: Int

    /// - Parameter burst: `nil` for what falls due within 20 ms, at least 1: timers are no finer.
    public init(perSecond: Double, burst: Int? = nil) {
        self.perSecond = perSecond
        self.burst = burst ?? max(1, Int((perSecond / 50).rounded(.up)))
    }

    /// The one that lets less through.
    func stricter(_ other: RateLimit) -> RateLimit {
        RateLimit(perSecond: min(perSecond, other.perSecond), burst: min(burst, other.burst))
    }
}

/// Keeps a `RateLimit`: a bucket of `burst` tokens that is filled at `limit`.
///
/// It knows one time only: when the bucket will be full. Each start puts that off by the time that one token takes (the generic
/// cell rate algorithm, ITU-T I.371).
struct TokenBucket {
    private let interval: Duration
    private let depth: Duration
    private var fullAt = MonotonicTime(nanoseconds: 0)

    init(_ limit: RateLimit) {
        interval = .seconds(1 / limit.perSecond)
        depth = interval * limit.burst
    }

    /// How many may start now.
    func allowance(now: MonotonicTime) -> Int {
        let used = max(.zero, fullAt - now)
        return used >= depth ? 0 : Int((depth - used) / interval)
    }

    /// When the next one may, if none may now.
    func nextChange(now: MonotonicTime) -> MonotonicTime? {
        allowance(now: now) > 0 ? nil : fullAt + (interval - depth)
    }

    /// One starts; also one that did not ask.
    mutating func take(now: MonotonicTime) { fullAt = max(fullAt, now) + interval }
}

/// The bucket of one endpoint, from which all workers of a process take.
final class SharedRate: Sendable {
    private let bucket: Mutex<TokenBucket>

    init(_ limit: RateLimit) { bucket = Mutex(TokenBucket(limit)) }

    func allowance(now: MonotonicTime) -> Int { bucket.withLock { $0.allowance(now: now) } }
    func nextChange(now: MonotonicTime) -> MonotonicTime? { bucket.withLock { $0.nextChange(now: now) } }
    func take(now: MonotonicTime) { bucket.withLock { $0.take(now: now) } }
}

/// The limits of all endpoints; of several routes to one the strictest counts.
struct RateBook: Sendable {
    private let rates: [EndpointIdentity: SharedRate]

    init(_ routes: [RouteConfig] = []) {
        let limits = routes.compactMap { route in route.rate.map { (route.destination.endpointIdentity, $0) } }
        rates = Dictionary(limits, uniquingKeysWith: { $0.stricter($1) }).mapValues(SharedRate.init)
    }

    subscript(identity: EndpointIdentity) -> SharedRate? { rates[identity] }
}
