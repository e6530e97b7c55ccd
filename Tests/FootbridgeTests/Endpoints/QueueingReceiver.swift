import FootbridgeCurl
import FootbridgeWebhooks
import Glibc

@testable import Footbridge

/// A receiver that works on so many requests at a time, and an endpoint that always has more for it: event by event, in virtual
/// time. What comes while all its places are taken waits in a queue.
struct QueueingReceiver {
    /// How long it works on one request.
    enum Service {
        /// The same each time, but for a hundredth.
        case steady
        /// From 0.7 to 1.3 of it.
        case varied
        /// One in fifty takes 20 times as long.
        case seldomSlow
        /// Poisson's: a third takes longer than this, a hundredth five times as long.
        case exponential
    }

    /// Requests that it works on at a time, and seconds for each; both from a moment on.
    var phases: [(from: Double, capacity: Int, seconds: Double)]
    var service = Service.steady
    /// Seconds on the way there and back.
    var travel = 0.0
    /// Requests that are on their way to it or waiting there; one more is refused by 429.
    var mostWaiting = Int.max
    /// Seconds after which the endpoint gives a request up.
    var timeout = Double.infinity
    /// Requests that the route has at a time; more wait for nobody.
    var demand = Int.max
    var maximum = 256

    init(capacity: Int, seconds: Double) { phases = [(0, capacity, seconds)] }

    struct Run {
        fileprivate(set) var acceptedAt: [Double] = []
        fileprivate(set) var refused = 0
        fileprivate(set) var timedOut = 0
        /// The limit, and what the receiver was working on, from one event to the next.
        fileprivate(set) var limits: [(time: Double, value: Int)] = []
        fileprivate(set) var busy: [(time: Double, value: Int)] = []
        fileprivate(set) var most = 0

        /// Accepted a second.
        func throughput(_ times: Range<Double>) -> Double {
            Double(acceptedAt.count { times.contains($0) }) / (times.upperBound - times.lowerBound)
        }

        func limit(_ times: Range<Double>) -> Double { Self.average(of: limits, times) }

        /// Requests that the receiver was working on: what it got of what it can do.
        func busy(_ times: Range<Double>) -> Double { Self.average(of: busy, times) }

        private static func average(of values: [(time: Double, value: Int)], _ times: Range<Double>) -> Double {
            zip(values, values.dropFirst()).reduce(0) { sum, pair in
                let time = min(pair.1.time, times.upperBound) - max(pair.0.time, times.lowerBound)
                return sum + max(0, time) * Double(pair.0.value)
            } / (times.upperBound - times.lowerBound)
        }
    }

    private enum Event {
        case arrives(Int)
        case served(Int)
        case answered(Int, isAccepted: Bool)
        case timedOut(Int)
        case mayStart
    }

    /// - Parameter until: seconds.
    func run(until end: Double, seed: UInt64 = 1) -> Run {
        var (run, random) = (Run(), SeededRandom(seed: seed))
        let endpoint = Endpoint(name: "http://127.0.0.1/")
        endpoint.adapt(upTo: maximum)
        var events = EventQueue<Event>()
        var attempts: [Int: Attempt] = [:]
        var (now, started, busy) = (0.0, 0, 0)
        var queue = ArraySlice<Int>()
        var isWaiting = false
        func phase() -> (from: Double, capacity: Int, seconds: Double) { phases.last { $0.from <= now } ?? phases[0] }
        func oneWay() -> Double { travel / 2 * Double.random(in: 1...1.02, using: &random) }
        func finish(_ number: Int, _ outcome: Outcome) {
            guard let attempt = attempts.removeValue(forKey: number) else { return }
            _ = endpoint.didFinish(attempt, outcome, now: at(now), wall: 0)
            if case .delivered = outcome { run.acceptedAt.append(now) }
        }
        while now < end {
            while endpoint.allowance(now: at(now)) > 0, attempts.count < demand {
                attempts[started] = endpoint.didStart(entry(started), now: at(now))
                events.add(.arrives(started), at: now + oneWay())
                if timeout < .infinity { events.add(.timedOut(started), at: now + timeout) }
                started += 1
            }
            run.most = max(run.most, attempts.count)
            if !isWaiting, let opens = endpoint.nextChange(now: at(now)) {
                events.add(.mayStart, at: max(now, Double(opens.nanoseconds) / 1e9 - 1000) + 1e-4)
                isWaiting = true
            }
            guard let (time, event) = events.next() else { break }
            now = time
            switch event {
            case .arrives(let number) where queue.count >= mostWaiting:
                run.refused += 1
                events.add(.answered(number, isAccepted: false), at: now + oneWay())
            case .arrives(let number): queue.append(number)
            case .served(let number):
                busy -= 1
                events.add(.answered(number, isAccepted: true), at: now + oneWay())
            case .answered(let number, let isAccepted):
                finish(number, isAccepted ? .delivered(status: 200) : .throttled(status: 429, retryAfter: nil))
            case .timedOut(let number):
                if attempts[number] != nil { run.timedOut += 1 }
                finish(number, .outage(.timedOut))
            case .mayStart: isWaiting = false
            }
            while busy < phase().capacity, let number = queue.popFirst() {
                busy += 1
                events.add(.served(number), at: now + phase().seconds * share(&random))
            }
            run.limits.append((now, endpoint.limit?.value ?? 0))
            run.busy.append((now, busy))
        }
        return run
    }

    private func share(_ random: inout SeededRandom) -> Double {
        switch service {
        case .steady: Double.random(in: 0.99...1.01, using: &random)
        case .varied: Double.random(in: 0.7...1.3, using: &random)
        case .seldomSlow:
            Int.random(in: 0..<50, using: &random) == 0 ? 20 : Double.random(in: 0.8...1.2, using: &random)
        case .exponential: -log(Double.random(in: 1e-9..<1, using: &random))
        }
    }

    /// Of the mean time to the given one.
    var meanShare: Double { service == .seldomSlow ? 1.38 : 1 }
}

/// What happens next: a binary heap, first come, first served at the same time.
private struct EventQueue<Event> {
    private var heap: [(time: Double, number: Int, event: Event)] = []
    private var count = 0

    mutating func add(_ event: Event, at time: Double) {
        heap.append((time, count, event))
        count += 1
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next() -> (time: Double, event: Event)? {
        guard let first = heap.first else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) {
                least = child
            }
            if least == parent { return (first.time, first.event) }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (heap[left].time, heap[left].number) < (heap[right].time, heap[right].number)
    }
}
