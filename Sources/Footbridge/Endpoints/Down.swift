internal import FootbridgeCurl
internal import FootbridgeWebhooks

/// Why nothing but probes is sent to an endpoint, and when the next one goes.
///
/// The first probe goes after 1 s. The wait doubles up to 30 s after outages and to 60 s after refusals; after 410 it
/// grows eightfold, up to an hour. `Retry-After` sets it. A fifth of each wait is jitter, drawn from the count of probes and
/// `salt`, so that many instances do not probe at once.
struct Down: Equatable {
    /// The outcome that says why: the last one that was not a straggler's.
    private(set) var reason: Outcome
    let since: MonotonicTime
    /// Milliseconds since 1970.
    let sinceWall: Int64
    private(set) var nextProbe: MonotonicTime
    private(set) var probes = 0
    private var wait = Self.firstWait
    private let salt: UInt64

    static let firstWait = Duration.seconds(1)

    init(_ reason: Outcome, now: MonotonicTime, wall: Int64, salt: UInt64) {
        self.reason = reason
        since = now
        sinceWall = wall
        self.salt = salt
        nextProbe = now
        nextProbe = now + jittered(Self.firstWait)
    }

    /// - Parameter pause: what the receiver asked for, capped.
    mutating func probeFailed(_ outcome: Outcome, pause: Duration?, now: MonotonicTime) {
        reason = outcome
        probes += 1
        let (factor, longest) = Self.growth(after: outcome)
        wait = min(wait * factor, longest)
        nextProbe = now + (pause.map { max($0, Self.firstWait) } ?? jittered(wait))
    }

    /// The probe told nothing of the endpoint: another one goes as soon as it may.
    mutating func probeToldNothing(now: MonotonicTime, after wait: Duration = .zero) { nextProbe = now + wait }

    private static func growth(after outcome: Outcome) -> (factor: Int, longest: Duration) {
        switch outcome {
        case .routeRefused(.status(410)): (8, .seconds(3600))
        case .routeRefused, .messageRefused: (2, .seconds(60))
        default: (2, .seconds(30))
        }
    }

    /// Down to a fifth less, never more: the longest waits are promises.
    private func jittered(_ wait: Duration) -> Duration {
        wait - wait * Int(SplitMix.mixed(salt &+ UInt64(probes)) >> 54) / 5120
    }
}

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): evenly spread bits from a count.
enum SplitMix {
    static func mixed(_ value: UInt64) -> UInt64 { finalized(value &+ 0x9e37_79b9_7f4a_7c15) }

    static func finalized(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
