internal import FootbridgeCurl
internal import Synchronization

/// How many requests may start at an endpoint, as its owner says: `limit` on average, and up to `burst` at once after a pause.
public struct RateLimit: Sendable, Hashable {
    public var perSecond: Double
    /// Requests that may start at once; at least 1.
    public var burst: Int
    public var scope: Scope

    /// Who takes from one bucket.
    public enum Scope: String, Sendable, CaseIterable {
        /// All workers of an instance.
        case instance
        /// All instances on one Redis.
        case cluster
    }

    /// Of the keys of buckets that instances share.
    public static let keyPrefix = "footbridge:rate:"

    /// - Parameter burst: `nil` for what falls due within 20 ms, at least 1: timers are no finer.
    public init(perSecond: Double, burst: Int? = nil, scope: Scope = .instance) {
        self.perSecond = perSecond
        self.scope = scope
        self.burst = burst ?? max(1, Int((perSecond / 50).rounded(.up)))
    }

    /// The one that lets less through.
    func stricter(_ other: RateLimit) -> RateLimit {
        RateLimit(
            perSecond: min(perSecond, other.perSecond), burst: min(burst, other.burst),
            scope: scope == .cluster ? scope : other.scope)
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

/// The bucket of one endpoint, from which all workers of a process take; or what the process has of one that all instances share.
final class SharedRate: Sendable {
    private enum Tokens {
        case own(TokenBucket)
        case shared(TokenLots)
    }

    let limit: RateLimit
    /// Of the bucket in Redis, if all instances take from it.
    let key: String?
    private let tokens: Mutex<Tokens>

    init(_ limit: RateLimit, key: String? = nil) {
        self.limit = limit
        self.key = key
        tokens = Mutex(key == nil ? .own(TokenBucket(limit)) : .shared(TokenLots(limit)))
    }

    func allowance(now: MonotonicTime) -> Int {
        tokens.withLock { tokens in
            switch tokens {
            case .own(let bucket): bucket.allowance(now: now)
            case .shared(let lots): lots.allowance(now: now)
            }
        }
    }

    func nextChange(now: MonotonicTime) -> MonotonicTime? {
        tokens.withLock { tokens in
            switch tokens {
            case .own(let bucket): bucket.nextChange(now: now)
            case .shared(let lots): lots.nextChange(now: now)
            }
        }
    }

    func take(now: MonotonicTime) {
        tokens.withLock { tokens in
            switch tokens {
            case .own(var bucket):
                bucket.take(now: now)
                tokens = .own(bucket)
            case .shared(var lots):
                lots.take(now: now)
                tokens = .shared(lots)
            }
        }
    }

    // MARK: - A bucket that instances share

    /// What to ask it for now; see `TokenLots`.
    func ask(for demand: Int, now: MonotonicTime) -> TokenLots.Call? {
        withLots { $0.ask(for: demand, now: now) } ?? nil
    }

    func didGet(_ grant: TokenLots.Grant, now: MonotonicTime) { withLots { $0.didGet(grant, now: now) } }

    func didFail(now: MonotonicTime, for wait: Duration) { withLots { $0.didFail(now: now, for: wait) } }

    @discardableResult
    private func withLots<Value: Sendable>(_ body: (inout TokenLots) -> Value) -> Value? {
        tokens.withLock { tokens in
            guard case .shared(var lots) = tokens else { return nil }
            defer { tokens = .shared(lots) }
            return body(&lots)
        }
    }
}

/// The limits of all endpoints; of several routes to one the strictest counts.
struct RateBook: Sendable {
    private let rates: [EndpointIdentity: SharedRate]

    /// - Parameter earlier: where a limit has not changed its bucket goes on.
    init(_ routes: [RouteConfig] = [], after earlier: RateBook? = nil) {
        let limits = routes.compactMap { route in
            route.rate.map { (route.destination.endpointIdentity, (limit: $0, key: route.rateKey)) }
        }
        let strictest = Dictionary(limits) { ($0.limit.stricter($1.limit), $0.key ?? $1.key) }
        rates = Dictionary(
            uniqueKeysWithValues: strictest.map { identity, rate in
                if let known = earlier?.rates[identity], known.limit == rate.limit, known.key == rate.key {
                    return (identity, known)
                }
                return (identity, SharedRate(rate.limit, key: rate.key))
            })
    }

    subscript(identity: EndpointIdentity) -> SharedRate? { rates[identity] }
}
