import Curl
import RedisStreams
import Testing
import Webhooks

@testable import Footbridge

/// Receivers with a limit, in virtual time.
struct PaceTests {
    @Test(arguments: LimitedReceiver.Limit.allCases, [nil, 1] as [Int64?])
    func `a receiver of 20 a second gets little more than it takes`(limit: LimitedReceiver.Limit, retryAfter: Int64?) {
        for latency in [0.002, 0.02] {
            let run = Simulation.run(
                LimitedReceiver(perSecond: 20, limit: limit), entries: 2000, retryAfter: retryAfter, latency: latency)
            #expect(run.requestsPerEntry <= 1.2 && run.deadLetters == 0, "\(latency) \(run)")
            #expect(run.throughput >= Self.least(limit, retryAfter), "\(latency) \(run)")
        }
    }

    /// A bucket of one gives nothing back for the second that `Retry-After: 1` costs, nor do the others all of it.
    private static func least(_ limit: LimitedReceiver.Limit, _ retryAfter: Int64?) -> Double {
        retryAfter != nil && limit != .bucketOf20 ? 0.85 : 0.9
    }

    @Test(arguments: LimitedReceiver.Limit.allCases, [nil, 1] as [Int64?])
    func `one of 1 a second, too`(limit: LimitedReceiver.Limit, retryAfter: Int64?) {
        let run = Simulation.run(
            LimitedReceiver(perSecond: 1, limit: limit), entries: 1000, retryAfter: retryAfter, latency: 0.02)
        #expect(run.requestsPerEntry <= 1.22 && run.deadLetters == 0 && run.throughput >= 0.9, "\(run)")
    }

    @Test(arguments: [LimitedReceiver.Limit.bucketOf5, .bucketOf20, .window, .sliding])
    func `and one of 500`(limit: LimitedReceiver.Limit) {
        let run = Simulation.run(
            LimitedReceiver(perSecond: 500, limit: limit), entries: 20_000, retryAfter: nil, latency: 0.02)
        #expect(run.requestsPerEntry <= 1.2 && run.deadLetters == 0 && run.throughput >= 0.9, "\(run)")
    }

    @Test func `when the limit is gone the rate doubles in some ten seconds`() {
        var receiver = LimitedReceiver(perSecond: 20, limit: .bucketOf5)
        receiver.endsAt = 40
        let run = Simulation.run(receiver, entries: 4000, retryAfter: nil, latency: 0.02)
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
            let attempt = Attempt(
                entry: entry(number), mark: .none, generation: .first, startedAt: now, isProbe: false)
            if number % 1000 == 999 {
                _ = pace.wasThrottled(attempt, pause: nil, now: now)
            } else {
                pace.wasAccepted(attempt, now: now)
            }
        }
        #expect(pace.rate == nil && pace.allowance(now: at(20)) == .max)
    }
}

/// Takes so many requests a second, and answers 429 otherwise.
struct LimitedReceiver {
    enum Limit: CaseIterable { case bucketOf1, bucketOf5, bucketOf20, window, sliding }

    let perSecond: Double
    let limit: Limit
    var endsAt = Double.infinity
    private var tokens: Double
    private var last = 0.0
    private var accepted: [Double] = []

    init(perSecond: Double, limit: Limit) {
        (self.perSecond, self.limit) = (perSecond, limit)
        tokens = [.bucketOf5: 5, .bucketOf20: 20][limit] ?? 1
    }

    private var capacity: Double { [.bucketOf5: 5, .bucketOf20: 20][limit] ?? 1 }

    mutating func takes(at time: Double) -> Bool {
        if time >= endsAt { return true }
        switch limit {
        case .bucketOf1, .bucketOf5, .bucketOf20:
            tokens = min(capacity, tokens + (time - last) * perSecond)
            last = time
            guard tokens >= 1 - 1e-9 else { return false }
            tokens -= 1
            return true
        case .window, .sliding:
            let start = limit == .window ? time.rounded(.down) : time - 1
            guard accepted.suffix(Int(perSecond)).filter({ $0 >= start }).count < Int(perSecond) else { return false }
            accepted.append(time)
            return true
        }
    }
}

/// A route with 64 requests in flight against a receiver, event by event.
struct Simulation: CustomStringConvertible {
    private(set) var requests = 0
    private(set) var deadLetters = 0
    /// Seconds since the start.
    private(set) var acceptedAt: [Double] = []
    private let entries: Int
    private let perSecond: Double

    var requestsPerEntry: Double { Double(requests) / Double(entries) }
    /// As a share of what the receiver takes.
    var throughput: Double { Double(acceptedAt.count) / (acceptedAt.last ?? .infinity) / perSecond }
    var description: String { "requests \(requestsPerEntry), throughput \(throughput), dead letters \(deadLetters)" }

    private struct Request {
        let attempt: Attempt
        let number: Int
        var time: Double
        var isAccepted: Bool?
    }

    static func run(_ receiver: LimitedReceiver, entries: Int, retryAfter: Int64?, latency: Double) -> Simulation {
        var run = Simulation(entries: entries, perSecond: receiver.perSecond)
        run.go(receiver, retryAfter, latency)
        return run
    }

    private init(entries: Int, perSecond: Double) { (self.entries, self.perSecond) = (entries, perSecond) }

    private mutating func go(_ receiver: LimitedReceiver, _ retryAfter: Int64?, _ latency: Double) {
        var receiver = receiver
        let endpoint = Endpoint(name: "http://127.0.0.1/")
        var (now, fresh) = (0.0, 0)
        var waiting: [(due: Double, number: Int)] = []
        var inFlight: [Request] = []
        while acceptedAt.count + deadLetters < entries, now < 1e6 {
            var allowance = endpoint.allowance(now: at(now))
            while allowance > 0, inFlight.count < 64 {
                let number: Int
                if let due = waiting.firstIndex(where: { $0.due <= now }) {
                    number = waiting.remove(at: due).number
                } else if fresh < entries {
                    number = fresh
                    fresh += 1
                } else {
                    break
                }
                let attempt = endpoint.didStart(entry(number), now: at(now))
                inFlight.append(Request(attempt: attempt, number: number, time: now + latency / 2))
                (requests, allowance) = (requests + 1, allowance - 1)
            }
            let opens = endpoint.nextChange(now: at(now)).map { Double($0.nanoseconds) / 1e9 - 1000 + 1e-9 }
            let dues = waiting.map(\.due).filter { $0 > now }
            now = max(now, (inFlight.map(\.time) + dues + (opens.map { [$0] } ?? [])).min() ?? .infinity)
            for index in inFlight.indices.reversed() where inFlight[index].time <= now {
                guard let isAccepted = inFlight[index].isAccepted else {
                    inFlight[index].isAccepted = receiver.takes(at: now)
                    inFlight[index].time = now + latency / 2
                    continue
                }
                let request = inFlight.remove(at: index)
                let outcome =
                    isAccepted
                    ? Outcome.delivered(status: 200)
                    : .throttled(status: 429, retryAfter: retryAfter.map { .delay(seconds: $0) })
                _ = endpoint.didFinish(request.attempt, outcome, now: at(now), wall: 0)
                let verdict = Verdict.of(
                    outcome, usedConnection: false, attempt: 4, mark: .none, standing: endpoint.standing,
                    policy: RetryPolicy(attempts: 4), id: entry(request.number), age: nil, now: 0)
                switch verdict {
                case .settle: acceptedAt.append(now)
                case .retry(let wait, _): waiting.append((now + wait.seconds, request.number))
                default: deadLetters += 1
                }
            }
        }
    }
}
