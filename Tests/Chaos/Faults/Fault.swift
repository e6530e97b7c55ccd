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
        /// SIGTERM, and SIGKILL while it finishes.
        case killDrain
        /// SIGKILL of one, and of another just when the entries of the first come over.
        case killTakeover
        /// Two processes of one name for a while, as when a deployment starts the new one first.
        case overlap
        /// One bridge is started with another `claim_after` for a while, as in a rolling change.
        case claimAfters
        /// One bridge may open no further descriptors for a while.
        case descriptors
        /// The wall clock of one bridge steps an hour ahead, then an hour back.
        case bridgeClock
        /// SIGSTOP of Redis, then SIGCONT.
        case freezeRedis
        /// All that passes between one bridge and Redis is swallowed, and no connection ends.
        case halfOpen
        /// Between one bridge and Redis bytes come late and in small portions.
        case slowRedis
        /// The wall clock of Redis steps half a minute ahead, then back.
        case redisClock
        /// XGROUP DELCONSUMER of a living bridge's consumers.
        case deleteConsumer
        /// FLUSHALL.
        case flushAll
        /// SIGSTOP of the master until another has its place: it comes back believing that it is the master.
        case isolateMaster
        /// SIGSTOP of one Sentinel, which then accepts connections and says nothing, and CLIENT KILL.
        case muteSentinel
        /// Several at once: bad answers and a slow way to Redis, and amid them a kill, CLIENT KILL and a freeze of Redis.
        case storm
        /// People pause all routes, and resume them.
        case pause
        /// One bridge is told to read another configuration, and then the one that it had.
        case reload
        /// Dead letters are replayed.
        case replay
        /// A receiver refuses connections.
        case refuse
        /// Most requests are answered badly.
        case badAnswers

        /// Those that a run can make.
        ///
        /// - Parameter sentinels: they make a master that is killed a replica, and name servers that no proxy stands before.
        static func all(underSentinels sentinels: Bool) -> [Kind] {
            let needProxy: [Kind] = [.killRedis, .cut, .freezeRedis, .halfOpen, .slowRedis, .redisClock, .storm]
            let needSentinels: [Kind] = [.failover, .isolateMaster, .muteSentinel]
            return allCases.filter { kind in
                if kind == .bridgeClock || kind == .redisClock, !MovableClock.isPossible { return false }
                return !(sentinels ? needProxy : needSentinels).contains(kind)
            }
        }
    }

    var kind: Kind
    /// Which bridge, or which bridge's receiver or proxy.
    var target: Int
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
        case .killDrain: "SIGTERM \(name), and kill -9 amid its end"
        case .killTakeover: "kill -9 \(name), and of another that takes over"
        case .overlap: "two processes named \(name)"
        case .claimAfters: "\(name) with a longer claim_after"
        case .descriptors: "no descriptors for \(name)"
        case .bridgeClock: "the clock of \(name) steps"
        case .freezeRedis: "SIGSTOP Redis (\(force))"
        case .halfOpen: "the way of \(name) to Redis swallows all (\(force))"
        case .slowRedis: "the way of \(name) to Redis is slow (\(force))"
        case .redisClock: "the clock of Redis steps"
        case .deleteConsumer: "XGROUP DELCONSUMER \(name)"
        case .flushAll: "FLUSHALL"
        case .isolateMaster: "the master is cut off and lives"
        case .muteSentinel: "a Sentinel says nothing, CLIENT KILL"
        case .storm: "all at once around \(name)"
        case .pause: "footbridge pause, resume"
        case .reload: "footbridge reload of \(name), twice"
        case .replay: "footbridge dead replay"
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

    /// - Parameter kinds: none of them twice; without any there are no faults.
    init(seed: UInt64, kinds: [Fault.Kind]) {
        random = SplitMix64(state: seed)
        self.kinds = kinds
    }

    mutating func next() -> Fault? {
        if deck.isEmpty { deck = kinds.shuffled(using: &random) }
        guard !deck.isEmpty else { return nil }
        return Fault(
            kind: deck.removeLast(), target: Int.random(in: 0..<Settings.bridges, using: &random),
            gap: Double.random(in: 0.1..<1.2, using: &random), force: random.share(), seed: random.next())
    }
}
