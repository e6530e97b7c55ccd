/// One thing that must not happen, forged into a ledger, and the check that has to find it.
struct Forgery: Sendable {
    let what: String
    let caughtBy: String
    let forge: @Sendable (inout ForgedLedger) -> Void

    init(_ what: String, caughtBy: String, _ forge: @escaping @Sendable (inout ForgedLedger) -> Void) {
        self.what = what
        self.caughtBy = caughtBy
        self.forge = forge
    }

    /// The checks that fail on it.
    var failed: [Check] {
        var ledger = ForgedLedger()
        forge(&ledger)
        return ledger.checks().filter { !$0.holds }
    }

    var isCaught: Bool { failed.contains { $0.name == caughtBy } }

    static var all: [Forgery] { losses + repeats + attempts + burials + accounts + surroundings + orders + people }

    /// What is wrong with the checks: a sound ledger that one of them refuses, a forgery that is not found, and a check that
    /// nothing shows to be able to fail.
    static func findings() -> [String] {
        let sound = Ordering.allCases.flatMap { ordering in
            var ledger = ForgedLedger()
            ledger.settings.ordering = ordering
            return ledger.checks()
        }
        var findings = sound.filter { !$0.holds }.map { "a sound ledger fails “\($0.name)”: \($0.failures)" }
        for (what, forge) in soundOrders {
            var ledger = ForgedLedger()
            ledger.settings.ordering = .key
            forge(&ledger)
            let failed = ledger.checks().filter { !$0.holds }
            findings += failed.map { "a sound ledger (\(what)) fails “\($0.name)”: \($0.failures)" }
        }
        for (what, forge) in soundReplays {
            var ledger = ForgedLedger()
            forge(&ledger)
            let failed = ledger.checks().filter { !$0.holds }
            findings += failed.map { "a sound ledger (\(what)) fails “\($0.name)”: \($0.failures)" }
        }
        findings += all.filter { !$0.isCaught }.map { "“\($0.caughtBy)” does not find: \($0.what)" }
        let shown = Set(all.map(\.caughtBy))
        findings += Set(sound.map(\.name)).filter { !shown.contains($0) }.sorted().map {
            "nothing shows that “\($0)” can fail"
        }
        return findings
    }
}
