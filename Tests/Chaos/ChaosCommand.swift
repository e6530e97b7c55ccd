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
    @Option(help: "Only faults of this kind; may be given several times.") var only: [Fault.Kind] = []
    @Option(help: "No faults of this kind; may be given several times.") var without: [Fault.Kind] = []
    @Option(help: "The bridge.") var binary = ".build/release/footbridge"
    @Flag(help: "Runs broken variants of the bridge, and fails unless each is caught.") var checkTheChecker = false

    func run() throws {
        // A connection that ended is seen by what send() returns.
        signal(SIGPIPE, SIG_IGN)
        guard FileManager.default.isExecutableFile(atPath: binary) else {
            throw ValidationError("there is no \(binary)")
        }
        var hold = true
        for server in server {
            let settings = settings(server)
            if checkTheChecker {
                hold = try CheckTheChecker(settings: settings).run() && hold
            } else {
                hold = try prove(settings) && hold
            }
        }
        guard hold else { throw ExitCode(1) }
    }

    private func settings(_ server: ServerChoice) -> Settings {
        var settings = Settings(
            seed: seed ?? UInt64.random(in: 1..<1_000_000_000), server: server, binary: binary,
            entries: entries ?? (short ? 100_000 : 1_010_000), calmEntries: 0, rate: rate ?? (short ? 1000 : 4000))
        settings.calmEntries = min(20_000, settings.entries / 10)
        settings.kinds = (only.isEmpty ? Fault.Kind.allCases : only).filter { !without.contains($0) }
        return settings
    }

    private func prove(_ settings: Settings) throws -> Bool {
        Report.line("== \(settings.entries) entries, server \(settings.server.rawValue), seed \(settings.seed)")
        let checks = try Performance(settings: settings).run()
        Report.tell(checks)
        let hold = checks.allSatisfy(\.holds)
        Report.line(
            hold
                ? "\nAll \(checks.count) checks hold.\n" : "\nFAILED. The same faults again: --seed \(settings.seed)\n")
        return hold
    }
}
