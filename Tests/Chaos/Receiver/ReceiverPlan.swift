import Synchronization

/// How receivers answer: a function of the seed, the entry, and how often it came before.
final class ReceiverPlan: Sendable {
    private enum Mood: Sendable {
        case accepting
        /// Only so that both sides know what became of a request: with a status, in time.
        case byStatus(share: Double)
        case misbehaving(share: Double)
    }

    private let seed: UInt64
    /// How many of the bad answers are 429 in usual times.
    private let throttled: Double
    private let usualShare: Double
    /// Entries that are answered 503 for ever. Under strict order each holds up all others until it is given up.
    private let broken: Double
    private let mood = Mutex(Mood.accepting)

    /// Entries from this number on are right: they show at the end that the receiver takes others than those that it refuses.
    private let firstRight: Int

    /// A bridge that is told 429 sends at a rate that it learns: a receiver that says so of every third hundred requests at any
    /// rate would be carried some fifty a second. So each says it every ten seconds.
    init(_ settings: Settings) {
        seed = settings.seed
        usualShare = settings.usualShare
        firstRight = settings.entries - settings.kept
        throttled = min(Self.mostThrottled, 10 / settings.rate)
        broken = settings.ordering == .strict ? 0.0002 : 0.001
    }

    private static let mostThrottled = 0.1

    /// Every request is accepted until one of these is called: faults in this share of all requests.
    func answerByStatus(share: Double) { mood.withLock { $0 = .byStatus(share: share) } }
    func misbehave(share: Double) { mood.withLock { $0 = .misbehaving(share: share) } }

    func answer(_ entry: Int, earlier: Int) -> Answer {
        let (limit, answers) =
            switch mood.withLock({ $0 }) {
            case .accepting: (0.0, 0.0)
            case .byStatus(let share): (share, 0.55)
            case .misbehaving(let share): (share, 1.0)
            }
        if limit == 0 { return .ok }
        // What is wrong with the entry itself shows at every attempt.
        var fate = SplitMix64(state: SplitMix64.mixed(seed ^ 0xFA7E) &+ UInt64(entry))
        switch entry < firstRight ? fate.share() : 1 {
        case ..<0.002: return .status422
        case ..<(0.002 + broken): return .status503
        default: break
        }
        var random = SplitMix64(state: SplitMix64.mixed(seed &+ UInt64(entry)) &+ UInt64(earlier))
        guard random.share() < limit else { return .ok }
        let throttled = limit > usualShare ? Self.mostThrottled : throttled
        switch random.share() * answers {
        case ..<0.25: return .status500
        case ..<(0.55 - throttled): return .status503
        case ..<0.55: return .status429
        case ..<0.70: return .reset
        case ..<0.80: return .half
        case ..<0.90: return .slow
        case ..<0.95: return .late
        default: return .hang
        }
    }
}
