import FootbridgeCurl
import FootbridgeWebhooks
import RedisStreams
import TestThreads
import Testing

@testable import Footbridge

/// Receivers with a limit, in virtual time.
@Suite(.longRunning) struct PaceTests {
    private static let seeds: ClosedRange<UInt64> = 1...3

    @Test(arguments: LimitedReceiver.Limit.allCases, [nil, 1] as [Int64?])
    func `a receiver of 20 a second gets little more than it takes, and nearly all of it`(
        limit: LimitedReceiver.Limit, retryAfter: Int64?
    ) {
        let receiver = LimitedReceiver(perSecond: 20, limit: limit)
        for latency in [0.002, 0.02, 0.1] {
            for seed in Self.seeds {
                let run = Simulation.run(
                    receiver, entries: 2000, retryAfter: retryAfter, latency: latency, seed: seed)
                #expect(
                    run.requestsPerEntry <= 1.2 && run.throughput >= 0.9 && run.deadLetters == 0,
                    "\(latency) s, seed \(seed): \(run)")
            }
        }
    }

    @Test(arguments: LimitedReceiver.Limit.allCases, [nil, 1] as [Int64?])
    func `one of 1 a second, too`(limit: LimitedReceiver.Limit, retryAfter: Int64?) {
        for seed in Self.seeds {
            let run = Simulation.run(
                LimitedReceiver(perSecond: 1, limit: limit), entries: 1000, retryAfter: retryAfter, latency: 0.02,
                seed: seed)
            #expect(
                run.requestsPerEntry <= 1.2 && run.throughput >= 0.9 && run.deadLetters == 0, "seed \(seed): \(run)")
        }
    }

    /// Requests 2 ms apart are finer than timers: a bucket of one is left out.
    @Test(arguments: [LimitedReceiver.Limit.bucketOf5, .bucketOf20, .window, .sliding], [nil, 1] as [Int64?])
    func `and one of 500`(limit: LimitedReceiver.Limit, retryAfter: Int64?) {
        let run = Simulation.run(
            LimitedReceiver(perSecond: 500, limit: limit), entries: 20_000, retryAfter: retryAfter, latency: 0.02,
            seed: 1)
        #expect(run.requestsPerEntry <= 1.2 && run.throughput >= 0.85 && run.deadLetters == 0, "\(run)")
    }

    @Test(arguments: LimitedReceiver.Limit.allCases)
    func `when the limit is gone the rate doubles in some ten seconds`(limit: LimitedReceiver.Limit) {
        var receiver = LimitedReceiver(perSecond: 20, limit: limit)
        receiver.endsAt = 40
        let run = Simulation.run(receiver, entries: 4000, retryAfter: nil, latency: 0.02, seed: 1)
        // Eighty within two seconds: twice the limit.
        let doubled = run.acceptedAt.indices.dropLast(80).first {
            run.acceptedAt[$0] >= 40 && run.acceptedAt[$0 + 80] - run.acceptedAt[$0] <= 2
        }
        #expect(doubled.map { run.acceptedAt[$0] <= 52 } == true)
    }

    @Test func `one refusal among a thousand is no limit of the endpoint`() {
        var pace = Pace()
        for number in 0..<100_000 {
            let now = at(Double(number) / 5000)
            if number % 1000 == 999 {
                _ = pace.wasThrottled(attempt(number, at: now), pause: nil, now: now)
            } else {
                pace.wasAccepted(attempt(number, at: now), now: now)
            }
        }
        #expect(pace.rate == nil && pace.allowance(now: at(20)) == .max)
    }

    @Test func `the first Retry-After holds all back, a single one later only its entry`() {
        var pace = paced()
        let end = at(60)
        #expect(pace.pausedUntil == end && pace.allowance(now: at(59.9)) == 0 && pace.allowance(now: end) == 1)
        var start = accept(&pace, times: 10, from: end)
        pace.didStart(now: start)
        _ = pace.wasThrottled(attempt(1, at: start), pause: .seconds(60), now: start)
        #expect(pace.pausedUntil == end)
        start = pace.nextChange(now: start) ?? start
        #expect(pace.allowance(now: start) == 1)
        pace.didStart(now: start)
        pace.wasAccepted(attempt(2, at: start), now: start)
        #expect(pace.pausedUntil == end)
    }

    @Test func `a run of refusals holds all back`() {
        var pace = paced()
        let start = accept(&pace, times: 10, from: at(60))
        let starts = refuse(&pace, from: start, until: start + .seconds(200), pause: .seconds(60))
        // A few until it is proven, and one after each pause.
        let later = starts.filter { $0 >= start + .seconds(30) }
        #expect((3...5).contains(starts.count - later.count))
        #expect(later.count == 3)
    }

    @Test func `who has accepted nothing since the first pause gets one request after each`() {
        var pace = paced()
        let starts = refuse(&pace, from: at(60), until: at(299), pause: .seconds(60))
        #expect(starts == [60, 120, 180, 240].map { at($0) })
    }

    @Test func `an endpoint that refuses everything for long is asked once a second, and its rate is not forgotten`() {
        var pace = paced()
        let start = accept(&pace, times: 30, from: at(60))
        let rate = pace.rate ?? 0
        let starts = refuse(&pace, from: start, until: start + .seconds(60), pause: nil)
        #expect((60...70).contains(starts.count))
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 <= .seconds(1) })
        #expect(pace.rate.map { $0 >= 0.5 * rate } == true)
    }

    @Test func `what started before the rate was cut, or just after, does not cut it again`() {
        var pace = paced()
        let start = accept(&pace, times: 10, from: at(60))
        let before = pace.rate ?? 0
        let cut = start + .milliseconds(500)
        _ = pace.wasThrottled(attempt(1, at: start), pause: nil, now: cut)
        #expect(pace.rate.map { $0 < before } == true)
        // Requests that fail like that only after others were accepted since.
        let after = cut + .milliseconds(10)
        pace.wasAccepted(attempt(2, at: after), now: after)
        let rate = pace.rate
        _ = pace.wasThrottled(attempt(3, at: after), pause: nil, now: cut + .milliseconds(20))
        #expect(pace.rate == rate)
        _ = pace.wasThrottled(attempt(4, at: start), pause: nil, now: cut + .seconds(2))
        #expect(pace.rate == rate)
        _ = pace.wasThrottled(attempt(5, at: after), pause: nil, now: cut + .seconds(2))
        #expect(pace.rate != rate)
    }

    @Test func `a rate far above what is accepted is none any more`() {
        var pace = paced()
        let start = accept(&pace, times: 10, from: at(60))
        _ = pace.wasThrottled(attempt(1, at: start), pause: nil, now: start)
        #expect(pace.rate != nil)
        for number in 1...200 {
            let now = start + .milliseconds(500 * number)
            pace.didStart(now: now)
            pace.wasAccepted(attempt(number, at: now), now: now)
        }
        #expect(pace.rate == nil)
    }

    // MARK: -

    private func attempt(_ number: Int, at time: MonotonicTime) -> Attempt {
        Attempt(entry: entry(number), mark: .none, generation: .first, startedAt: time, isProbe: false)
    }

    /// Throttled for the first time, at 0, for a minute.
    private func paced() -> Pace {
        var pace = Pace()
        let begins = pace.wasThrottled(attempt(0, at: at(0)), pause: .seconds(60), now: at(0))
        #expect(begins)
        return pace
    }

    /// - Returns: when the next one may start.
    private func accept(_ pace: inout Pace, times: Int, from start: MonotonicTime) -> MonotonicTime {
        var now = start
        for number in 0..<times {
            pace.didStart(now: now)
            pace.wasAccepted(attempt(number, at: now), now: now)
            now = pace.nextChange(now: now) ?? now
        }
        return now
    }

    /// - Returns: when requests started.
    private func refuse(
        _ pace: inout Pace, from start: MonotonicTime, until end: MonotonicTime, pause: Duration?
    ) -> [MonotonicTime] {
        var starts: [MonotonicTime] = []
        var now = start
        while now < end, starts.count < 1000 {
            pace.didStart(now: now)
            starts.append(now)
            _ = pace.wasThrottled(attempt(starts.count, at: now), pause: pause, now: now)
            now = pace.nextChange(now: now) ?? now
        }
        return starts
    }
}
