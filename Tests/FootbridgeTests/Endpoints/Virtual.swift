import FootbridgeCurl
import FootbridgeWebhooks
import RedisStreams

@testable import Footbridge

/// A point of virtual time.
func at(_ seconds: Double) -> MonotonicTime {
    MonotonicTime(nanoseconds: 1_000_000_000_000 + Int64(seconds * 1e9))
}

func entry(_ number: Int) -> EntryID { EntryID(milliseconds: 1_772_442_927_250 + UInt64(number)) }

extension Standing {
    /// An attempt of its own that begins and ends at the same time.
    @discardableResult mutating func tell(
        _ outcome: Outcome, of number: Int, mark: RefusalMark = .none, usedConnection: Bool = false,
        isProbe: Bool = false, at time: Double = 0
    ) -> Change? {
        let attempt = Attempt(
            entry: entry(number), mark: mark, generation: didStart(), startedAt: at(time), isProbe: isProbe)
        return note(outcome, of: attempt, usedConnection: usedConnection, now: at(time), wall: 0)
    }

    var down: Down? { if case .down(let down) = state { down } else { nil } }
}
