import ArgumentParser
import Foundation
import TestSupport

/// Entries through three bridges while everything around them breaks, and a ledger at both ends.
@main struct ChaosCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos", abstract: "Shows that nothing is lost, whatever breaks (docs/delivery.md, “The proof”).")

    @Flag(help: "A run of some two minutes: 100,000 entries.") var short = false
    @Option(help: "redis, redis8 or valkey; given several times, one after the other.")
    var server = [ServerChoice.redis]
    @Option(help: "Entries in all.") var entries: Int?
    @Option(help: "Entries added per second.") var rate: Double?
    @Option(help: "Repeats the faults of an earlier run.") var seed: UInt64?
    @Flag(help: "A master, its replica and three Sentinels; the master is killed now and then.") var sentinel = false
    @Option(help: "Only faults of this kind; may be given several times.") var only: [Fault.Kind] = []
    @Option(help: "No faults of this kind; may be given several times.") var without: [Fault.Kind] = []
    @Option(help: "The bridge.") var binary = ".build/release/footbridge"
    @Option(help: "Routes, which share the streams among them.") var routes = 1
    @Option(help: "Streams.") var streams = 1
    @Option(help: "Workers of each bridge.") var workers = 1
    @Option(
        help: """
            none, key (1,000 keys) or strict: what is kept in order, by one instance at a time. Two of three faults strike that \
            one. Left out are those after which no order is promised: XGROUP DESTROY, FLUSHALL, and failovers, so that there \
            is no --sentinel.
            """)
    var ordering = Ordering.none
    @Flag(help: "Redis and the receivers are reached by TLS.") var tls = false
    @Option(help: "With --sentinel: replicas that have to confirm what is settled.") var waitForAck = 0
    @Flag(help: "Shows that each check can fail, with forged ledgers and no bridge: in seconds.") var forgeries = false
    @Flag(help: "Runs broken variants of the bridge, and fails unless each is caught.") var checkTheChecker = false
    @Option(help: "With --check-the-checker: only this one; may be given several times.") var variant: [String] = []

    func run() throws {
        // A connection that ended is seen by what send() returns.
        signal(SIGPIPE, SIG_IGN)
        if forgeries || checkTheChecker { try Self.forge() }
        if forgeries { return }
        guard FileManager.default.isExecutableFile(atPath: binary) else {
            throw ValidationError("there is no \(binary)")
        }
        var hold = true
        for server in server {
            let settings = settings(server)
            if checkTheChecker {
                hold = try CheckTheChecker(settings: settings, only: variant).run() && hold
            } else {
                hold = try prove(settings) && hold
            }
        }
        guard hold else { throw ExitCode(1) }
    }

    private func settings(_ server: ServerChoice) -> Settings {
        var settings = Settings(
            seed: seed ?? UInt64.random(in: 1..<1_000_000_000), server: server, binary: binary,
            entries: entries ?? usualEntries, calmEntries: 0, rate: rate ?? usualRate)
        settings.ordering = ordering
        settings.calmEntries = min(20_000, settings.entries / 10)
        settings.sentinels = sentinel ? 3 : 0
        (settings.routes, settings.streams) = (routes, streams)
        (settings.workers, settings.tls) = (workers, tls)
        settings.waitsForReplicas = waitForAck
        settings.kinds = Fault.Kind.all(underSentinels: sentinel).filter {
            (only.isEmpty || only.contains($0)) && !without.contains($0) && (ordering == .none || $0.keepsOrder)
        }
        return settings
    }

    private var usualEntries: Int {
        switch ordering {
        case .none: short ? 100_000 : 1_050_000
        case .key: short ? 30_000 : 300_000
        case .strict: short ? 1500 : 6000
        }
    }

    /// Much of the time nobody delivers in order, until others may take a dead instance's place.
    private var usualRate: Double {
        switch ordering {
        case .none: short ? 1000 : 6000
        case .key: 1000
        case .strict: 40
        }
    }

    func validate() throws {
        let possible = Fault.Kind.all(underSentinels: sentinel)
        if let kind = only.first(where: { !possible.contains($0) }) {
            throw ValidationError("no \(kind) \(sentinel ? "with" : "without") --sentinel")
        }
        if let kind = only.first(where: { ordering != .none && !$0.keepsOrder }) {
            throw ValidationError("no order is promised after \(kind)")
        }
        if sentinel, ordering != .none { throw ValidationError("no order is promised after a failover: no --sentinel") }
        guard routes > 0, workers > 0, waitForAck >= 0 else { throw ValidationError("counts are above zero") }
        guard streams >= routes else { throw ValidationError("each route needs a stream: --streams \(routes)") }
        // Of connections that ended while TLS wrote to them.
        signal(SIGPIPE, SIG_IGN)
        if sentinel, tls { throw ValidationError("Sentinels are watched without TLS") }
        if waitForAck > 0, !sentinel { throw ValidationError("--wait-for-ack needs --sentinel") }
    }

    private static func forge() throws {
        let findings = Forgery.findings()
        for finding in findings { Report.line("  FAILED: \(finding)") }
        guard findings.isEmpty else { throw ExitCode(1) }
        let checks = Set(Forgery.all.map(\.caughtBy)).count
        Report.line("  \(Forgery.all.count) forged ledgers: each is found, and each of the \(checks) checks can fail")
    }

    private func prove(_ settings: Settings) throws -> Bool {
        let server = settings.server.rawValue + (sentinel ? " under Sentinels" : "")
        let order = ordering == .none ? "" : ", ordering \(ordering)"
        Report.line("== \(settings.entries) entries\(order), server \(server), seed \(settings.seed)")
        let checks = try Performance(settings: settings).run()
        Report.tell(checks)
        let hold = checks.allSatisfy(\.holds)
        Report.line(
            hold
                ? "\nAll \(checks.count) checks hold.\n" : "\nFAILED. The same faults again: --seed \(settings.seed)\n")
        return hold
    }
}
