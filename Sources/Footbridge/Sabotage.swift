internal import Glibc
internal import RedisStreams
internal import Webhooks

/// Deliberate faults, one of which is at work if `FOOTBRIDGE_SABOTAGE` names it: so it is seen that the checks of
/// `make chaos` find them. Only in builds with the flag of the same name (Package.swift), which nobody ships; in all
/// others each is `false` before the optimizer looks at it.
enum Sabotage: CaseIterable {
    case ackBeforeDelivery
    case neverClaim
    case claimTheLiving
    case dropOn5xx
    case sendTwice
    /// Ends the process with an entry that has the field `abort`: no fault of ours, but one that has to be survived.
    case abortOnMarked

    #if FOOTBRIDGE_SABOTAGE
        private static let chosen = getenv("FOOTBRIDGE_SABOTAGE").map { String(cString: $0) }
        private static let isChosen = allCases.map { "\($0)" == chosen }

        var isOn: Bool { Self.isChosen[Self.allCases.firstIndex(of: self) ?? 0] }
    #else
        @inline(__always) var isOn: Bool { false }
    #endif

    /// What becomes of an entry after an attempt, made wrong.
    @inline(__always) static func spoil(
        _ settlement: inout Verdict, of entry: HeldEntry, _ outcome: Outcome, _ queue: inout EntryQueue
    ) {
        if dropOn5xx.isOn, let status = outcome.status, status >= 500 { settlement = .settle }
        // The time of the first attempt tells the second copy from the first.
        if sendTwice.isOn, settlement == .settle, entry.firstAt != 1 {
            var copy = entry
            copy.firstAt = 1
            queue.append(copy)
        }
    }

    @inline(__always) static func abortIfMarked(_ fields: EntryFields) {
        if abortOnMarked.isOn, fields.contains(where: { $0.name.elementsEqual("abort".utf8) }) { abort() }
    }
}
