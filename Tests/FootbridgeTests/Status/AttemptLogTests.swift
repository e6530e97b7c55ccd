import FootbridgeCurl
import FootbridgeWebhooks
import RedisStreams
import Testing

@testable import Footbridge

@Suite struct AttemptLogTests {
    private func record(_ number: UInt64, answer: [UInt8] = []) -> AttemptRecord {
        AttemptRecord(
            number: number, at: Int64(number), entry: EntryID(milliseconds: number, sequence: 0), attempt: 1,
            endpoint: "e", outcome: .outage(.timedOut), nanoseconds: 1, answer: answer, then: .retry(after: .seconds(1))
        )
    }

    @Test func `it keeps the last thousand, in their order`() {
        var log = AttemptLog()
        for number in 1...2500 { log.add(record(UInt64(number))) }
        #expect(log.since(0).map(\.number) == Array(1501...2500))
        #expect(log.since(2498).map(\.number) == [2499, 2500])
        #expect(log.since(2500).isEmpty)
    }

    @Test(arguments: [1, 999, 1000, 1001, 1999, 2000])
    func `it is whole at every length`(count: Int) {
        var log = AttemptLog()
        for number in 1...count { log.add(record(UInt64(number))) }
        #expect(log.since(0).map(\.number) == Array(UInt64(max(1, count - 999))...UInt64(count)))
    }

    @Test func `an answer is cut`() {
        let log = AttemptLog()
        #expect(log.head(of: Array(repeating: 65, count: 5000)).count == AttemptLog.answerBytes)
        #expect(log.head(of: []) == [])
        #expect(log.head(of: [1, 2]) == [1, 2])
    }

    @Test(arguments: [
        (Verdict.settle, false, OnDead.continue, AttemptRecord.Then.settled),
        (.repeatNow, false, .continue, .retry(after: .zero)),
        (.retry(after: .seconds(3), counts: true), false, .continue, .retry(after: .seconds(3))),
        // When the endpoint takes something, whatever the schedule says.
        (.retry(after: .seconds(3), counts: true), true, .continue, .retry(after: nil)),
        (.deadLetter(.trimmed), false, .continue, .dead), (.deadLetter(.trimmed), false, .hold, .retry(after: nil)),
        (.judgeLater(.trimmed, within: .seconds(1)), false, .continue, .undecided),
        (.pauseWorker, false, .continue, .retry(after: nil)),
    ])
    func `what people are told of a verdict`(
        verdict: Verdict, isHeldUp: Bool, onDead: OnDead, then: AttemptRecord.Then
    ) {
        #expect(verdict.then(isHeldUp: isHeldUp, onDead: onDead) == then)
    }

    @Test func `entries that wait are counted and listed by when they are due`() {
        var table = EntryTable(streams: 1)
        let now = MonotonicTime(nanoseconds: 1_000_000_000_000)
        let seconds: [Double] = [-5, 0, 3, 59, 61, 3000, 4000, 2_000_000_000]
        for (number, due) in seconds.enumerated().reversed() {
            table.wait(
                EntryKey(stream: 0, id: EntryID(milliseconds: UInt64(number), sequence: 0)),
                due: due > 1e9 ? now + Repeats.unlimited : now + .seconds(due), attempts: 1, firstAt: 0)
        }
        let counts = table.dueCounts(now: now)
        #expect(counts == DueCounts(counts: [2, 1, 1, 1, 1, 1], forEndpoint: 1))
        let first = table.dueFirst(3).map { table.key($0).id.milliseconds }
        #expect(first == [0, 1, 2])
        let all = table.dueFirst(100).map { table.key($0).id.milliseconds }
        #expect(all == Array(0..<8))
        var sum = DueCounts()
        sum.add(counts)
        sum.add(counts)
        #expect(sum.counts == [4, 2, 2, 2, 2, 2] && sum.forEndpoint == 2)
    }
}
