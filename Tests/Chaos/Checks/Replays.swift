/// What people did, and what became of it.
extension History {
    static let once = "what was replayed is settled once more"
    static let quiet = "a route that is paused sends nothing"

    /// To be asked of the history of replays: all that holds for an entry the first time holds for it the second time, too.
    func settledOnceMore() -> Check {
        let exposure = Exposure(self)
        let checks = [
            losses(exposure), unexpected(), duplicates(exposure), settledOnce(exposure), oneAtATime(exposure),
            changesHands(exposure), burials(exposure), refusals(), attemptsRise(exposure), scapegoats(),
        ]
        let numbers = entries.indices.filter { entries[$0].outcome != .notSent }
        let accepted = numbers.count(where: isAccepted)
        let repeated = receipts.count(where: \.isAccepted) - accepted
        return Check(
            Self.once,
            "\(numbers.count) replayed, \(accepted) accepted, \(letters.count) dead again, \(repeated) accepted twice; "
                + "\(receipts.count) requests",
            failures: checks.filter { !$0.holds && (settings.ordering != .strict || $0.name != Self.scapegoat) }
                .flatMap { check in check.allFailures.map { "\(check.name): \($0)" } })
    }

    /// From a second after it was told, on no instance, until it is told to go on.
    func quiet() -> Check {
        let times = faults.compactMap(\.quiet)
        let failures = allReceipts.filter { receipt in times.contains { $0.contains(receipt.received) } }.map {
            receipt in
            "sent nonetheless: #\(receipt.attempt) of entry \(receipt.entry) by run \(receipt.run)"
        }
        let seconds = times.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) }
        return Check(Self.quiet, "\(times.count) pauses, \(Int(seconds * 1000)) ms in all", failures: failures)
    }
}
