/// Runs bridges that are broken on purpose, built with `FOOTBRIDGE_SABOTAGE`: each has to be caught by the check that is
/// there for it. The same build without a variant has to pass all kinds of fault, or the others would prove nothing. (What no
/// broken bridge shows is shown by forged ledgers: `Forgery`.)
struct CheckTheChecker {
    /// Their binary is the broken one.
    let settings: Settings

    private struct Variant {
        /// As Sources/Footbridge/Sabotage.swift names it.
        let name: String?
        /// `nil` for all that there are.
        let kinds: [Fault.Kind]?
        /// One of these has to fail.
        let caughtBy: [String]
    }

    private static let variants = [
        Variant(name: nil, kinds: nil, caughtBy: []),
        Variant(name: "ackBeforeDelivery", kinds: [.crash, .badAnswers], caughtBy: ["nothing lost"]),
        Variant(name: "neverClaim", kinds: [.kill], caughtBy: ["dark time after kill -9"]),
        Variant(
            name: "claimTheLiving", kinds: [.badAnswers],
            caughtBy: ["one attempt at a time", "duplicates bounded by what faults exposed"]),
        Variant(name: "dropOn5xx", kinds: [.badAnswers], caughtBy: ["nothing lost"]),
        Variant(name: "sendTwice", kinds: [.crash], caughtBy: ["duplicates bounded by what faults exposed"]),
    ]

    /// Whether each was caught.
    func run() throws -> Bool {
        var isGood = true
        for variant in Self.variants {
            var settings = settings
            settings.sabotage = variant.name
            // All kinds take a while.
            settings.entries = variant.kinds == nil ? 60_000 : 6000
            settings.calmEntries = 600
            settings.rate = 500
            settings.drainSeconds = 30
            settings.kinds = variant.kinds ?? settings.kinds
            settings.logs += "-\(variant.name ?? "sound")"
            Report.line("\n== \(variant.name ?? "no sabotage"), seed \(settings.seed)")
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
        Report.line("\n== an entry that kills the process")
        let checks = try CrashingEntry(settings: settings).run()
        Report.tell(checks)
        return isGood && checks.allSatisfy(\.holds)
    }
}
