import Synchronization

/// How receivers answer: a function of the seed, the entry, and how often it came before.
final class ReceiverPlan: Sendable {
    private struct Mood: Sendable {
        var share = 0.0
        var isCalm = true
    }

    private let seed: UInt64
    private let mood = Mutex(Mood())

    init(seed: UInt64) { self.seed = seed }

    /// Faults in one of so many requests; none at all at the calm beginning.
    func misbehave(share: Double) { mood.withLock { $0 = Mood(share: share, isCalm: false) } }
    /// Every request is accepted.
    func behave() { mood.withLock { $0 = Mood() } }

    func answer(_ entry: Int, earlier: Int) -> Answer {
        let mood = mood.withLock { $0 }
        if mood.isCalm { return .ok }
        // What is wrong with the entry itself shows at every attempt.
        var fate = SplitMix64(state: SplitMix64.mixed(seed ^ 0xFA7E) &+ UInt64(entry))
        switch fate.share() {
        case ..<0.002: return .status422
        case ..<0.003: return .status503
        default: break
        }
        var random = SplitMix64(state: SplitMix64.mixed(seed &+ UInt64(entry)) &+ UInt64(earlier))
        guard random.share() < mood.share else { return .ok }
        switch random.share() {
        case ..<0.25: return .status500
        case ..<0.45: return .status503
        case ..<0.55: return .status429
        case ..<0.70: return .reset
        case ..<0.80: return .half
        case ..<0.90: return .slow
        case ..<0.95: return .late
        default: return .hang
        }
    }
}
