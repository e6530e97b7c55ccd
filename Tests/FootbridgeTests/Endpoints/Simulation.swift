import FootbridgeCurl
import FootbridgeWebhooks

@testable import Footbridge

/// A route with 64 requests in flight against a receiver, event by event.
struct Simulation: CustomStringConvertible {
    private(set) var requests = 0
    private(set) var deadLetters = 0
    /// Seconds since the start.
    private(set) var acceptedAt: [Double] = []
    private let entries: Int
    private let perSecond: Double
    private var random: SeededRandom

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

    /// - Parameters:
    ///   - latency: seconds there and back; each way takes up to 2 % longer.
    ///   - seed: of that jitter, of timers up to a millisecond late, and of the receiver's clock.
    static func run(
        _ receiver: LimitedReceiver, entries: Int, retryAfter: Int64?, latency: Double, seed: UInt64
    ) -> Simulation {
        var run = Simulation(entries: entries, perSecond: receiver.perSecond, seed: seed)
        run.go(receiver, retryAfter, latency)
        return run
    }

    private init(entries: Int, perSecond: Double, seed: UInt64) {
        (self.entries, self.perSecond, random) = (entries, perSecond, SeededRandom(seed: seed))
    }

    private mutating func oneWay(_ latency: Double) -> Double {
        latency / 2 * Double.random(in: 1...1.02, using: &random)
    }

    private mutating func go(_ receiver: LimitedReceiver, _ retryAfter: Int64?, _ latency: Double) {
        var receiver = receiver
        receiver.windowOffset = Double.random(in: 0..<1, using: &random)
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
                inFlight.append(Request(attempt: attempt, number: number, time: now + oneWay(latency)))
                (requests, allowance) = (requests + 1, allowance - 1)
            }
            let late = Double.random(in: 1e-9...1e-3, using: &random)
            let opens = endpoint.nextChange(now: at(now)).map { Double($0.nanoseconds) / 1e9 - 1000 + late }
            let dues = waiting.map(\.due).filter { $0 > now }
            now = max(now, (inFlight.map(\.time) + dues + (opens.map { [$0] } ?? [])).min() ?? .infinity)
            for index in inFlight.indices.reversed() where inFlight[index].time <= now {
                guard let isAccepted = inFlight[index].isAccepted else {
                    inFlight[index].isAccepted = receiver.takes(at: now)
                    inFlight[index].time = now + oneWay(latency)
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
