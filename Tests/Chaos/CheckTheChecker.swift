import ArgumentParser

/// Runs bridges that are broken on purpose, built with `FOOTBRIDGE_SABOTAGE`: each has to be caught by the check that is
/// there for it. The same build without a variant has to pass all kinds of fault, or the others would prove nothing. (What no
/// broken bridge shows is shown by forged ledgers: `Forgery`.)
struct CheckTheChecker {
    /// Their binary is the broken one.
    let settings: Settings
    /// Names of variants; empty for all.
    let only: [String]

    private struct Variant {
        /// As Sources/Footbridge/Sabotage/Sabotage.swift names it; `nil` for the sound one.
        let name: String?
        /// `nil` for all that there are.
        let kinds: [Fault.Kind]?
        /// One of these has to fail.
        let caughtBy: [String]

        let entries: Int
        let ordering: Ordering

        var label: String { name ?? (ordering == .none ? "sound" : "soundInOrder") }

        /// - Parameter kinds: others than bad answers only where the fault shows by them.
        init(
            _ name: String?, _ kinds: [Fault.Kind]? = [.badAnswers], entries: Int = 6000, ordering: Ordering = .none,
            caughtBy: String...
        ) {
            (self.name, self.kinds, self.caughtBy) = (name, kinds, caughtBy)
            (self.entries, self.ordering) = (entries, ordering)
        }
    }

    private static let variants = [
        // All kinds take a while.
        Variant(nil, nil, entries: 60_000),
        Variant("ackBeforeDelivery", [.crash, .badAnswers], caughtBy: "nothing lost"),
        Variant("dropOn5xx", caughtBy: "nothing lost"),
        Variant("sendTwice", [.crash], caughtBy: "duplicates bounded by what faults exposed"),
        Variant("sendTwiceAtOnce", caughtBy: "one attempt at a time"),
        Variant("forgetDelivery", caughtBy: "all drained"),
        Variant("loseAcknowledgement", caughtBy: "duplicates bounded by what faults exposed"),
        Variant("buryDelivered", caughtBy: "nothing both delivered and dead"),
        Variant("buryUnsent", caughtBy: "dead letters are justified by receipts"),
        Variant("giveUpEarly", caughtBy: "dead letters are justified by receipts"),
        Variant("wrongReason", caughtBy: "dead letters are justified by receipts"),
        Variant("believeRefusal", caughtBy: "refusals are tried once more, on a fresh connection"),
        // Only attempts between others that pass are counted: for as long as eleven take.
        Variant("neverGiveUp", [.slowRedis], entries: 12_000, caughtBy: "attempts end"),
        Variant("repeatNumber", caughtBy: "attempts rise one by one across instances"),
        Variant("retryEarly", caughtBy: "retries wait as the schedule says"),
        Variant("ignoreRetryAfter", caughtBy: "retries wait as the schedule says"),
        Variant("forgeBody", caughtBy: "nothing unexpected"),
        Variant("wrongID", caughtBy: "nothing unexpected"),
        Variant("miscount", caughtBy: "metrics equal the ledgers after the calm beginning"),
        Variant("leak", caughtBy: "memory and descriptors at base line"),
        Variant("neverClaim", [.kill], caughtBy: "dark time after kill -9"),
        Variant(
            "claimTheLiving", caughtBy: "one attempt at a time", "duplicates bounded by what faults exposed"),
        Variant("neverHandOver", [.terminate], caughtBy: "hand-over after SIGTERM"),
        Variant("abortAtEnd", [.terminate], caughtBy: "all drained"),
        Variant("ignorePause", [.pause], caughtBy: History.quiet),
        Variant("dropReplays", [.badAnswers, .replay], entries: 12_000, caughtBy: History.once),
        Variant(nil, nil, entries: 40_000, ordering: .key),
        Variant("ignoreLease", ordering: .key, caughtBy: History.order),
        Variant("forgetOrder", ordering: .key, caughtBy: History.order),
        Variant("forgetOrder", entries: 1000, ordering: .strict, caughtBy: History.single),
    ]

    /// Whether each was caught.
    func run() throws -> Bool {
        var isGood = true
        let names = Self.variants.map(\.label) + [CrashingEntry.name]
        guard only.allSatisfy(names.contains) else { throw ValidationError("variants: \(names)") }
        let chosen = Self.variants.filter { only.isEmpty || only.contains($0.label) }
        for variant in chosen {
            var settings = settings
            settings.sabotage = variant.name
            settings.entries = variant.entries
            settings.calmEntries = 600
            settings.rate = variant.kinds == [.badAnswers] ? 1000 : 500
            settings.drainSeconds = variant.name == nil ? 30 : 20
            settings.ordering = variant.ordering
            // So that many wait for others.
            if variant.name != nil { settings.keys = 50 }
            settings.kinds = (variant.kinds ?? settings.kinds).filter { variant.ordering == .none || $0.keepsOrder }
            settings.logs += "-\(variant.label)"
            let order = variant.ordering == .none ? "" : ", ordering \(variant.ordering)"
            Report.line("\n== \(variant.label)\(order), seed \(settings.seed)")
            let failed = try Performance(settings: settings).run().filter { !$0.holds }
            for check in failed { Report.line("  failed: \(check.name): \(check.failures.first ?? "")") }
            let isCaught =
                variant.name == nil ? failed.isEmpty : failed.contains { variant.caughtBy.contains($0.name) }
            Report.line(
                isCaught
                    ? (variant.name == nil ? "  passes, as it should" : "  caught")
                    : (variant.name == nil ? "  FAILED: nothing is wrong with it" : "  FAILED: not caught"))
            isGood = isGood && isCaught
        }
        guard only.isEmpty || only.contains(CrashingEntry.name) else { return isGood }
        Report.line("\n== an entry that kills the process")
        let checks = try CrashingEntry(settings: settings).run()
        Report.tell(checks)
        return isGood && checks.allSatisfy(\.holds)
    }
}
