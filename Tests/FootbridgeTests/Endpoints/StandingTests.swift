import FootbridgeCurl
import FootbridgeWebhooks
import RedisStreams
import TestThreads
import Testing

@testable import Footbridge

@Suite(.longRunning) struct StandingTests {
    private let ok = Outcome.delivered(status: 200)
    private let failure = Outcome.outage(.status(500))
    private let missing = Outcome.routeRefused(.status(404))
    private let bad = Outcome.messageRefused(status: 400)

    /// The number of entries, each with one outcome, after which it is down; `nil`: not within a hundred.
    private func entriesUntilDown(_ outcome: Outcome, _ standing: Standing = Standing(), at time: Double = 0) -> Int? {
        var standing = standing
        return (1...100).first {
            standing.tell(outcome, of: $0, at: time)
            return standing.isDown
        }
    }

    private var wellAtZero: Standing {
        var standing = Standing()
        standing.tell(ok, of: 0)
        return standing
    }

    @Test func `five refused entries show an endpoint that takes nothing, thirty failed ones an outage`() {
        #expect([missing, bad, failure].map { entriesUntilDown($0) } == [5, 5, 30])
        // It accepted something a moment ago: that is a stronger word for it.
        #expect([missing, bad, failure].map { entriesUntilDown($0, wellAtZero, at: 1) } == [15, 15, 30])
        #expect([missing, bad, failure].map { entriesUntilDown($0, wellAtZero, at: 11) } == [5, 5, 30])
    }

    @Test(arguments: [
        Outcome.routeRefused(.certificate), .routeRefused(.unknownHost), .routeRefused(.noTLS),
        .routeRefused(.clientCertificateWanted), .routeRefused(.credentials),
    ])
    func `what only people can mend is down at once`(outcome: Outcome) {
        #expect(entriesUntilDown(outcome, wellAtZero, at: 1) == 1)
    }

    @Test func `one entry that fails for hours is one failure`() {
        for outcome in [missing, bad, failure] {
            var standing = wellAtZero
            for attempt in 0..<1000 { standing.tell(outcome, of: 7, at: Double(attempt) * 60) }
            #expect(standing.state == .doubtful)
        }
    }

    @Test func `an acceptance ends a run`() {
        var standing = Standing()
        for round in 0..<100 {
            for number in 0..<4 { standing.tell(missing, of: round * 10 + number) }
            standing.tell(ok, of: round * 10 + 9)
            #expect(standing.state == .well)
        }
    }

    @Test func `entries that failed while others were accepted are suspect, and no evidence`() {
        var standing = wellAtZero
        var marks: [RefusalMark] = []
        for number in 0..<100 {
            standing.tell(missing, of: number)
            marks.append(standing.mark(.none, after: missing))
            standing.tell(ok, of: 1000 + number)
        }
        // Nothing but their retries is left.
        for (number, mark) in marks.enumerated() { standing.tell(missing, of: number, mark: mark, at: 60) }
        #expect(standing.state == .well)
        // But nobody listening is nobody's fault but the endpoint's.
        for (number, mark) in marks.enumerated() { standing.tell(.outage(.refused), of: number, mark: mark, at: 99) }
        #expect(standing.isDown)
    }

    @Test(arguments: [
        Outcome.throttled(status: 429, retryAfter: nil), .ownLack("no descriptor"),
    ])
    func `fewer requests, and what we lack ourselves, are no failures`(outcome: Outcome) {
        #expect(entriesUntilDown(outcome) == nil)
    }

    @Test func `a refusal on a used connection counts after it was repeated`() {
        var standing = Standing()
        for number in 0..<100 { standing.tell(bad, of: number, usedConnection: true) }
        #expect(!standing.isDown)
        for number in 0..<5 { standing.tell(missing, of: number, usedConnection: true) }
        #expect(standing.isDown)
    }

    @Test(arguments: [1, 8, 64], [0.2, 0.5])
    func `a receiver that fails at random is not taken for down in 100,000 requests`(width: Int, share: Double) {
        for seed in 1...3 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            var standing = Standing()
            var inFlight: [Attempt] = []
            for number in 0..<100_000 {
                inFlight.append(
                    Attempt(
                        entry: entry(number), mark: .none, generation: standing.didStart(), startedAt: at(0),
                        isProbe: false))
                guard inFlight.count >= width else { continue }
                let attempt = inFlight.remove(at: Int.random(in: 0..<inFlight.count, using: &random))
                let fails = Double.random(in: 0..<1, using: &random) < share
                _ = standing.note(
                    fails ? .outage(.status(503)) : ok, of: attempt, now: at(Double(number) / 1000), wall: 0)
                if standing.isDown {
                    Issue.record("down after \(number) with seed \(seed)")
                    return
                }
            }
        }
    }

    @Test func `one that fails nineteen times of twenty is down soon`() {
        var random = SeededRandom(seed: 1)
        var standing = Standing()
        let first = (0..<1000).first {
            let fails = Double.random(in: 0..<1, using: &random) < 0.95
            standing.tell(fails ? failure : ok, of: $0)
            return standing.isDown
        }
        #expect(first.map { $0 < 400 } == true)
    }

    // MARK: - Others

    @Test func `what was on its way when a receiver began to refuse proves nothing`() {
        var standing = Standing()
        let early = Attempt(
            entry: entry(1), mark: .none, generation: standing.didStart(), startedAt: at(0), isProbe: false)
        standing.tell(bad, of: 2)
        let mark = standing.mark(.none, after: bad)
        _ = standing.note(ok, of: early, now: at(1), wall: 0)
        #expect(!standing.acceptedOthers(since: mark))
        // But it does if nobody else is refused.
        #expect(standing.acceptedOthers(since: mark, butNobodyElseThan: entry(2)))
        standing.tell(bad, of: 3)
        #expect(!standing.acceptedOthers(since: mark, butNobodyElseThan: entry(2)))
        standing.tell(ok, of: 4)
        #expect(standing.acceptedOthers(since: mark))
    }

    @Test func `a mark keeps the first failure, and whether the message was refused`() {
        var standing = Standing()
        standing.tell(failure, of: 1)
        let first = standing.mark(.none, after: failure)
        standing.tell(ok, of: 2)
        let second = standing.mark(first, after: bad)
        #expect(second.generation == first.generation && first.generation != nil)
        #expect(!first.isMessageRefused && second.isMessageRefused)
        #expect(standing.mark(.none, after: .throttled(status: 429, retryAfter: nil)) == .none)
        #expect(MemoryLayout<RefusalMark>.size == 4)
    }

    @Test func `generations come round`() {
        let last = Generation(number: (1 << 31) - 1)
        #expect(last.next == .first)
        #expect(Generation.first.isAfter(last) && !last.isAfter(.first) && !last.isAfter(last))
    }

    // MARK: - Words

    @Test func `people are told once that it fails, is down for which reason, and is back`() {
        var standing = Standing()
        var changes = (0..<5).map { standing.tell(missing, of: $0, at: Double($0)) }
        changes.append(standing.tell(missing, of: 9, isProbe: true, at: 6))
        changes.append(standing.tell(.routeRefused(.status(401)), of: 8, isProbe: true, at: 9))
        let other = standing.down
        changes.append(standing.tell(ok, of: 7, isProbe: true, at: 20))
        guard case .wentDown(let down) = changes[4] else { Issue.record("\(changes)"); return }
        #expect(down.reason == missing && down.since == at(4))
        #expect(
            changes == [
                nil, nil, .fails(missing), nil, .wentDown(down), nil, other.map { .reasonChanged($0) },
                .isBack(after: .seconds(20)),
            ])
        #expect(standing.state == .well)
    }

    @Test func `what was on its way when it went down does not bring it back`() {
        var standing = Standing()
        for number in 0..<5 { standing.tell(missing, of: number) }
        standing.tell(ok, of: 6)
        #expect(standing.isDown)
        standing.tell(ok, of: 6, isProbe: true)
        #expect(standing.state == .well)
    }

    @Test func `what was on its way when it went down does not put the next probe off`() {
        var standing = Standing()
        for number in 0..<5 { standing.tell(missing, of: number) }
        let down = standing.down
        #expect(standing.tell(failure, of: 6, at: 0.5) == nil)
        #expect(standing.down == down && standing.isDown)
    }
}
