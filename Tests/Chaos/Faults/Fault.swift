import ArgumentParser

/// One fault, with all that is random in it.
struct Fault: Sendable, CustomStringConvertible {
    enum Kind: String, Sendable, CaseIterable, ExpressibleByArgument {
        /// SIGKILL; started again when the others have its entries.
        case kill
        /// SIGKILL; started again at once, under the same name.
        case crash
        /// SIGKILL of all bridges at the same moment.
        case crashAll
        /// SIGTERM; started again when the others have its entries.
        case terminate
        /// SIGSTOP for longer than `claim_after`, then SIGCONT.
        case freeze
        /// SIGKILL of Redis, which keeps an append-only file, and a restart.
        case killRedis
        /// SIGKILL of the master; when the Sentinels have made the replica the master, it comes back as the replica.
        case failover
        /// Connections between one bridge and Redis cut at any byte.
        case cut
        /// CLIENT KILL of all connections, those of the producers included.
        case clientKill
        /// Pending entries, and now and then some that nobody has read, are trimmed from the stream.
        case trim
        /// XGROUP DESTROY.
        case destroyGroup
        /// A receiver refuses connections.
        case refuse
        /// Most requests are answered badly.
        case badAnswers

        /// Those that a run can make.
        ///
        /// - Parameter sentinels: they make a master that is killed a replica, and name servers that no proxy stands before.
        static func all(underSentinels sentinels: Bool) -> [Kind] {
            allCases.filter { sentinels ? $0 != .killRedis && $0 != .cut : $0 != .failover }
        }
    }

    let kind: Kind
    /// Which bridge, or which bridge's receiver or proxy.
    let target: Int
    /// Seconds of quiet before it.
    let gap: Double
    /// How hard or how long, 0 ..< 1.
    let force: Double
    /// For what else is random in it.
    let seed: UInt64

    var description: String {
        let name = ["a", "b", "c"][target]
        let force = "\(Int(force * 100)) %"
        return switch kind {
        case .kill: "kill -9 \(name), start it when others have its entries"
        case .crash: "kill -9 \(name), start it at once"
        case .crashAll: "kill -9 all bridges"
        case .terminate: "SIGTERM \(name)"
        case .freeze: "SIGSTOP \(name) beyond claim_after"
        case .killRedis: "kill -9 Redis, restart"
        case .failover: "kill -9 the master, another takes its place"
        case .cut: "cut connections of \(name) at any byte"
        case .clientKill: "CLIENT KILL"
        case .trim: "XTRIM (\(force))"
        case .destroyGroup: "XGROUP DESTROY"
        case .refuse: "receiver of \(name) refuses (\(force))"
        case .badAnswers: "bad answers (\(force))"
        }
    }
}

/// The faults of a run, in their order: a function of the seed alone.
///
/// Every kind comes once before any comes again.
struct FaultPlan: Sequence, IteratorProtocol {
    private var random: SplitMix64
    private var deck: [Fault.Kind] = []
    private let kinds: [Fault.Kind]

    init(seed: UInt64, kinds: [Fault.Kind]) {
        random = SplitMix64(state: seed)
        self.kinds = kinds
    }

    mutating func next() -> Fault? {
        if deck.isEmpty { deck = kinds.shuffled(using: &random) }
        return Fault(
            kind: deck.removeLast(), target: Int.random(in: 0..<Settings.bridges, using: &random),
            gap: Double.random(in: 0.1..<1.2, using: &random), force: random.share(), seed: random.next())
    }
}
