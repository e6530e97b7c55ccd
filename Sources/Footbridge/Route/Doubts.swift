internal import FootbridgeCurl
internal import FootbridgeWebhooks

/// An entry that was refused twice, and of which it will show whether others are accepted.
struct Doubt {
    let row: EntryTable.Row
    /// As it was before the second refusal.
    let mark: RefusalMark
    let reason: DeadLetterReason
    let response: [UInt8]
    let since: MonotonicTime
}

/// Entries that were refused twice within a moment (`Verdict.judgeLater`): each is given up as soon as its endpoint accepts
/// another one, and waits for its next attempt if it does not.
final class Doubts {
    private unowned let route: Route
    private var doubts: [Doubt] = []

    init(_ route: Route) { self.route = route }

    /// - Parameter time: after it another attempt decides.
    func add(_ doubt: Doubt, for time: Duration) {
        doubts.append(doubt)
        route.worker.loop.schedule(after: time) { [weak self] in self?.judge(olderThan: time) }
    }

    /// - Parameter patience: doubts as old as this are over.
    func judge(olderThan patience: Duration?) {
        guard !doubts.isEmpty else { return }
        doubts.removeAll { doubt in
            let standing = route.endpoint(of: doubt.row).standing
            if standing.state == .well, standing.acceptedOthers(since: doubt.mark) {
                route.burials.giveUp(doubt.row, doubt.reason, response: doubt.response)
                return true
            }
            let isOver = patience.map { route.worker.loop.now - doubt.since >= $0 } ?? false
            guard isOver || standing.isDown || route.isDraining else { return false }
            route.counters.retried += 1
            route.wait(doubt.row, for: .zero, isCharged: !standing.isDown)
            return true
        }
        route.worker.loop.atEndOfTurn(route)
    }
}
