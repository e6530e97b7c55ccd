#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The wait before each retry: `initial · factor^(attempt − 1)`, capped at `maximum`, then jittered.
///
/// With the defaults: 1 s, 2 s, 4 s … 2048 s, then one hour for ever (`BackoffTests`).
public struct Backoff: Sendable, Equatable {
    public var initial: Duration
    public var factor: Double
    public var maximum: Duration
    /// Share of the wait, 0 … 1, by which it is moved up or down, so that entries that failed together come back apart.
    public var jitter: Double

    public init(
        initial: Duration = .seconds(1), factor: Double = 2, maximum: Duration = .seconds(3600), jitter: Double = 0.2
    ) {
        self.initial = initial
        self.factor = factor
        self.maximum = maximum
        self.jitter = jitter
    }

    /// The wait after the given attempt, counted from 1, has failed.
    ///
    /// A pure function of attempt and entry: the jitter is drawn from the id, so that every instance computes the same
    /// due time for an entry that it takes over.
    public func delay(afterAttempt attempt: Int, of id: EntryID) -> Duration {
        let ceiling = seconds(maximum)
        let exponent = Double(max(0, attempt - 1))
        // pow() overflows to infinity, which the cap takes care of; nothing times infinity is no number.
        let wait = initial > .zero ? min(ceiling, seconds(initial) * pow(factor, exponent)) : 0
        return jittered(seconds: wait, attempt: attempt, of: id)
    }

    /// A wait that was chosen otherwise, moved by the jitter of this entry and attempt.
    package func jittered(_ wait: Duration, attempt: Int, of id: EntryID) -> Duration {
        jittered(seconds: seconds(wait), attempt: attempt, of: id)
    }

    private func jittered(seconds wait: Double, attempt: Int, of id: EntryID) -> Duration {
        let jittered = wait * (1 + jitter * (2 * share(of: id, attempt: attempt) - 1))
        return .milliseconds(Int64(min(max(0, jittered), 1e12) * 1000))
    }

    private func seconds(_ duration: Duration) -> Double {
        duration / .seconds(1)
    }

    /// 0 … 1, evenly spread: the finalizer of SplitMix64 over id and attempt (<https://prng.di.unimi.it/splitmix64.c>).
    private func share(of id: EntryID, attempt: Int) -> Double {
        var mixed = id.milliseconds &+ id.sequence &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(bitPattern: Int64(attempt)) << 48
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Double((mixed ^ mixed >> 31) >> 11) / Double(UInt64(1) << 53)
    }
}
