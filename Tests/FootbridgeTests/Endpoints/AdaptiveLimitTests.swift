import FootbridgeCurl
import FootbridgeWebhooks
import RedisStreams
import TestThreads
import Testing

@testable import Footbridge

/// `concurrency: auto` against receivers that work on so many requests at a time, in virtual time.
@Suite(.longRunning) struct AdaptiveLimitTests {
    private static let capacities = [1, 2, 4, 10, 50]

    /// In a steady state: what is used of the receiver, and the limit as a share of what it can work on at a time, travel
    /// included.
    private func steadyState(
        _ receiver: QueueingReceiver, _ seed: UInt64
    ) -> (throughput: Double, limit: Double, description: String) {
        let (capacity, seconds) = (receiver.phases[0].capacity, receiver.phases[0].seconds * receiver.meanShare)
        let whole = seconds + receiver.travel
        let times = (80 * whole)..<(200 * whole)
        let run = receiver.run(until: times.upperBound, seed: seed)
        let knee = Double(capacity) * whole / seconds
        let throughput = run.busy(times) / Double(capacity)
        let limit = run.limit(times) / knee
        return (throughput, limit, "\(receiver.service), seed \(seed): \(throughput) with \(limit)")
    }

    @Test(arguments: capacities, [0, 1] as [Double])
    func `it finds what a receiver works on at a time, and uses nearly all of it`(capacity: Int, travel: Double) {
        for (service, least) in [(QueueingReceiver.Service.steady, 0.95), (.varied, 0.95), (.seldomSlow, 0.9)] {
            var receiver = QueueingReceiver(capacity: capacity, seconds: 0.02)
            (receiver.service, receiver.travel) = (service, travel * 0.02)
            let state = steadyState(receiver, 1)
            #expect(state.throughput >= least && (0.9...2).contains(state.limit), "\(state.description)")
        }
    }

    @Test(arguments: capacities, [0, 1] as [Double])
    func `also where the times are random`(capacity: Int, travel: Double) {
        for seed: UInt64 in 1...2 {
            var receiver = QueueingReceiver(capacity: capacity, seconds: 0.02)
            (receiver.service, receiver.travel) = (.exponential, travel * 0.02)
            let state = steadyState(receiver, seed)
            #expect(state.throughput >= 0.8 && (0.7...4).contains(state.limit), "\(state.description)")
        }
    }

    @Test func `it begins with one and doubles while nothing queues`() {
        var receiver = QueueingReceiver(capacity: 1000, seconds: 0.02)
        receiver.maximum = 100
        let run = receiver.run(until: 2)
        var values: [Int] = []
        for limit in run.limits where limit.value != values.last { values.append(limit.value) }
        #expect(values == [1, 2, 4, 8, 16, 32, 64, 100])
        #expect(run.most == 100)
    }

    @Test func `it stays within its maximum, by default 256, and goes no lower than 1`() {
        let free = QueueingReceiver(capacity: 10_000, seconds: 0.02).run(until: 2)
        #expect(free.most == 256 && AdaptiveLimit.defaultMaximum == 256)
        var dead = QueueingReceiver(capacity: 0, seconds: 1)
        dead.timeout = 0.1
        let none = dead.run(until: 2)
        #expect(none.timedOut > 5 && none.limits.allSatisfy { $0.value == 1 })
        #expect(AdaptiveLimit(maximum: 0).value == 1)
    }

    @Test func `it backs off within a second when a receiver can do half, and grows again when it can do all`() {
        var receiver = QueueingReceiver(capacity: 40, seconds: 0.02)
        receiver.phases += [(10, 20, 0.02), (20, 40, 0.02), (30, 80, 0.02)]
        let run = receiver.run(until: 40)
        for (start, capacity) in [(1, 40), (11, 20), (21, 40), (31, 80)] as [(Double, Double)] {
            let times = start..<(start + 9)
            #expect(run.busy(times) >= 0.95 * capacity, "\(times)")
            #expect((0.95 * capacity...1.6 * capacity).contains(run.limit(times)), "\(times): \(run.limit(times))")
        }
    }

    @Test func `where requests begin to take longer without a queue, that is found out within two seconds`() {
        var receiver = QueueingReceiver(capacity: 40, seconds: 0.02)
        receiver.phases += [(10, 40, 0.05)]
        let run = receiver.run(until: 20)
        #expect(run.busy(12..<20) >= 0.95 * 40)
        #expect((0.95 * 40...1.6 * 40).contains(run.limit(12..<20)))
    }

    @Test func `a receiver that refuses what it has no room for gets little more than it takes`() {
        var receiver = QueueingReceiver(capacity: 20, seconds: 0.02)
        receiver.mostWaiting = 4
        let run = receiver.run(until: 40)
        #expect(run.busy(10..<40) >= 0.85 * 20)
        #expect(Double(run.refused) <= 0.05 * Double(run.acceptedAt.count))
    }

    @Test func `a limit that nobody uses up does not grow`() {
        var receiver = QueueingReceiver(capacity: 100, seconds: 0.02)
        receiver.demand = 5
        let run = receiver.run(until: 20)
        #expect(run.most == 5 && run.limits.allSatisfy { $0.value <= 8 })
        #expect(run.busy(10..<20) >= 0.99 * 5)
    }

    // MARK: - Single steps

    /// A limit of 64 that has seen requests of 20 ms.
    private func grown(to maximum: Int = 64) -> AdaptiveLimit {
        var limit = AdaptiveLimit(maximum: maximum)
        for second in 0..<20 { round(&limit, from: Double(second), taking: 0.02) }
        #expect(limit.value == maximum)
        return limit
    }

    private func attempt(_ time: Double) -> Attempt {
        Attempt(entry: entry(1), mark: .none, generation: .first, startedAt: at(time), isProbe: false)
    }

    /// So many requests as make a round.
    private func round(_ limit: inout AdaptiveLimit, from start: Double, taking seconds: Double) {
        let value = limit.value
        for _ in 0..<100 where limit.value == value {
            limit.didStart(inFlight: value)
            limit.wasAccepted(attempt(start), now: at(start + seconds))
        }
    }

    @Test func `many timeouts at once count once, and the next ones when they started later`() {
        var limit = grown()
        for _ in 0..<64 { limit.wasTooMuch(attempt(30), rate: nil, now: at(45)) }
        #expect(limit.value == 48)
        limit.wasTooMuch(attempt(45), rate: nil, now: at(60))
        #expect(limit.value == 36)
    }

    @Test func `with a learned rate a throttling leaves room for what is in flight at it`() {
        var limit = grown()
        var time = 30.0
        for _ in 0..<20 {
            limit.wasTooMuch(attempt(time), rate: 1000, now: at(time + 0.02))
            time += 1
        }
        // 1000 a second, 20 ms each, 1.3 times that, and one.
        #expect(limit.value == 27)
        for _ in 0..<20 {
            limit.wasTooMuch(attempt(time), rate: 0.1, now: at(time + 0.02))
            time += 1
        }
        #expect(limit.value == 2)
    }

    @Test func `a queue is left by what Little's law gives, and by no more than half`() {
        var limit = grown()
        round(&limit, from: 30, taking: 0.032)
        // The floor has risen by 0.03 · 12 ms.
        #expect(limit.value == Int((64 * 0.95 * 0.02036 / 0.032).rounded()))
        var other = grown()
        round(&other, from: 30, taking: 1)
        #expect(other.value == 32)
    }

    @Test func `routes with one endpoint share the limit, and the lowest maximum`() {
        let endpoint = Endpoint(name: "e")
        #expect(endpoint.limit == nil && !endpoint.isFull)
        for maximum in [100, 30, 50] { endpoint.adapt(upTo: maximum) }
        #expect(endpoint.limit?.maximum == 30)
        #expect(endpoint.allowance(now: at(0)) == 1)
        var isWoken = false
        let first = endpoint.didStart(entry(1), now: at(0))
        #expect(endpoint.isFull && endpoint.allowance(now: at(0)) == 0 && endpoint.nextChange(now: at(0)) == nil)
        endpoint.whenOpen { isWoken = true }
        _ = endpoint.didFinish(first, .delivered(status: 200), now: at(1), wall: 0)
        #expect(isWoken && !endpoint.isFull)
    }

    @Test(arguments: [
        (Outcome.throttled(status: 429, retryAfter: nil), 12), (.outage(.timedOut), 12), (.outage(.status(408)), 12),
        (.outage(.status(504)), 12), (.outage(.status(503)), 16), (.outage(.reset), 16),
        (.messageRefused(status: 400), 16), (.routeRefused(.status(404)), 16),
    ])
    func `a throttling and a timeout are too much, other failures say nothing of it`(outcome: Outcome, value: Int) {
        let endpoint = Endpoint(name: "e")
        endpoint.adapt(upTo: 16)
        var time = 0.0
        while endpoint.limit?.value != 16, time < 100 {
            let attempts = (0..<endpoint.allowance(now: at(time))).map { endpoint.didStart(entry($0), now: at(time)) }
            for attempt in attempts {
                _ = endpoint.didFinish(attempt, .delivered(status: 200), now: at(time + 0.02), wall: 0)
            }
            time += 0.1
        }
        let attempt = endpoint.didStart(entry(1), now: at(time))
        _ = endpoint.didFinish(attempt, outcome, now: at(time + 1), wall: 0)
        #expect(endpoint.limit?.value == value)
    }
}
