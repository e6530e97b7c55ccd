import RedisStreams
import Testing

@testable import Footbridge

struct BackoffTests {
    private let id = EntryID(milliseconds: 1_772_442_927_250)

    private func exact(_ backoff: Backoff) -> Backoff {
        var backoff = backoff
        backoff.jitter = 0
        return backoff
    }

    @Test(arguments: [
        (1, 1), (2, 2), (3, 4), (4, 8), (11, 1024), (12, 2048), (13, 3600), (14, 3600), (1025, 3600), (1_000_000, 3600),
        (Int.max, 3600), (0, 1), (-7, 1),
    ])
    func `with the defaults the wait doubles from a second to an hour`(attempt: Int, seconds: Int) {
        #expect(exact(Backoff()).delay(afterAttempt: attempt, of: id) == .seconds(seconds))
    }

    @Test(arguments: [1, 2, 1024, 1025, Int.max])
    func `without a first wait there is none`(attempt: Int) {
        #expect(exact(Backoff(initial: .zero)).delay(afterAttempt: attempt, of: id) == .zero)
    }

    @Test(
        arguments: [
            (Backoff(initial: .milliseconds(250), factor: 1, maximum: .seconds(60)), [250, 250, 250, 250]),
            (Backoff(initial: .milliseconds(100), factor: 1.5, maximum: .seconds(60)), [100, 150, 225, 337]),
            (Backoff(initial: .milliseconds(1), factor: 1000, maximum: .seconds(10)), [1, 1000, 10_000, 10_000]),
            (Backoff(initial: .seconds(5), factor: 2, maximum: .seconds(5)), [5000, 5000, 5000, 5000]),
        ] as [(Backoff, [Int])])
    func `each part of the schedule counts`(backoff: Backoff, milliseconds: [Int]) {
        #expect(
            (1...4).map { exact(backoff).delay(afterAttempt: $0, of: id) } == milliseconds.map { .milliseconds($0) })
    }

    /// The wait of 10,000 neighbouring entries, as a share of the wait without jitter.
    @Test(arguments: [1, 2, 13, 1_000_000]) func `the jitter keeps its bounds and fills them evenly`(attempt: Int) {
        let backoff = Backoff(initial: .seconds(10), jitter: 0.2)
        let whole = milliseconds(exact(backoff).delay(afterAttempt: attempt, of: id))
        let shares = (0..<10_000).map { number in
            let id = EntryID(milliseconds: 1_772_442_000_000 + UInt64(number / 10), sequence: UInt64(number % 10))
            return milliseconds(backoff.delay(afterAttempt: attempt, of: id)) / whole
        }
        #expect(shares.allSatisfy { (0.8...1.2).contains($0) })
        // Of an even spread each of ten parts has a tenth; four deviations are 120.
        let parts = Dictionary(grouping: shares) { min(9, Int(($0 - 0.8) / 0.04)) }.mapValues(\.count)
        #expect(parts.count == 10)
        #expect(parts.values.allSatisfy { (880...1120).contains($0) }, "\(parts)")
    }

    @Test func `the whole wait may be jitter`() {
        let backoff = Backoff(initial: .seconds(1), factor: 1, jitter: 1)
        let waits = (0..<1000).map { backoff.delay(afterAttempt: 1, of: EntryID(milliseconds: UInt64($0))) }
        #expect(waits.allSatisfy { (.zero ... .seconds(2)).contains($0) })
        #expect(Set(waits).count > 700)
    }

    @Test func `attempts of one entry are jittered each on its own`() {
        let backoff = Backoff(initial: .seconds(1), factor: 1)
        #expect(Set((1...12).map { backoff.delay(afterAttempt: $0, of: id) }).count == 12)
    }

    /// Every instance, of whatever version, has to compute the same due time for an entry that it takes over. Computed
    /// independently, in Python's integers and floats.
    @Test(arguments: [
        (1, EntryID(milliseconds: 1_772_442_927_250), 1182),
        (1, EntryID(milliseconds: 1_772_442_927_250, sequence: 1), 1133),
        (2, EntryID(milliseconds: 1_772_442_927_250), 2318),
        (5, EntryID(milliseconds: 1_772_442_927_250, sequence: 7), 14_147),
        (12, EntryID(milliseconds: 1_772_442_927_250), 2_177_333),
        (13, EntryID(milliseconds: 1_772_442_927_250), 4_244_622),
        (1_000_000, EntryID(milliseconds: 0, sequence: 1), 3_753_354),
        (3, EntryID.maximum, 4212),
    ])
    func `the wait of an entry never changes`(attempt: Int, id: EntryID, milliseconds: Int) {
        #expect(Backoff().delay(afterAttempt: attempt, of: id) == .milliseconds(milliseconds))
    }

    private func milliseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) / 1e15
    }
}
