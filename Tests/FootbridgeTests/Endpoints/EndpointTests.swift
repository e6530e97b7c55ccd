import FootbridgeCurl
import FootbridgeWebhooks
import RedisStreams
import Testing

@testable import Footbridge

struct EndpointTests {
    private let ok = Outcome.delivered(status: 200)
    private let missing = Outcome.routeRefused(.status(404))

    /// Down at 0 s.
    private func endpointDown(_ outcome: Outcome = .routeRefused(.status(404))) -> Endpoint {
        let endpoint = Endpoint(name: "http://127.0.0.1/")
        for number in 0..<5 { finish(endpoint, number, outcome, at: 0) }
        return endpoint
    }

    @discardableResult
    private func finish(_ endpoint: Endpoint, _ number: Int, _ outcome: Outcome, at time: Double) -> Standing.Change? {
        endpoint.didFinish(endpoint.didStart(entry(number), now: at(time)), outcome, now: at(time), wall: 0)
    }

    @Test func `a new endpoint takes any number`() {
        let endpoint = Endpoint(name: "http://127.0.0.1/")
        for number in 0..<100 { _ = endpoint.didStart(entry(number), now: at(0)) }
        #expect(endpoint.allowance(now: at(0)) == .max && endpoint.nextChange(now: at(0)) == nil)
    }

    @Test func `one probe at a time, and each time another entry`() throws {
        let endpoint = endpointDown()
        #expect(endpoint.allowance(now: at(0)) == 0)
        let time = try #require(endpoint.nextChange(now: at(0)))
        #expect(at(0.8) <= time && time <= at(1))
        #expect(endpoint.allowance(now: time) == 1)
        let probe = endpoint.didStart(entry(9), now: time)
        #expect(probe.isProbe && endpoint.allowance(now: at(99)) == 0 && endpoint.nextChange(now: time) == nil)
        _ = endpoint.didFinish(probe, missing, now: time, wall: 0)
        #expect(!endpoint.mayProbe(with: entry(9)) && endpoint.mayProbe(with: entry(10)))
        #expect(endpoint.nextChange(now: time).map { $0 > time } == true)
    }

    @Test func `what shows from elsewhere that it may be back brings the next probe forward`() {
        let endpoint = endpointDown()
        #expect(endpoint.allowance(now: at(0)) == 0)
        endpoint.mayBeBack(now: at(0))
        #expect(endpoint.allowance(now: at(0)) == 1)
        #expect(endpoint.standing.isDown)
    }

    @Test func `a probe that was not made gives its place back`() {
        let endpoint = endpointDown()
        let probe = endpoint.didStart(entry(9), now: at(1))
        endpoint.didCancel(probe, now: at(1))
        #expect(endpoint.allowance(now: at(1)) == 1 && endpoint.inFlight == 0)
    }

    @Test func `after the first acceptance it opens by doubling`() {
        let endpoint = endpointDown()
        finish(endpoint, 9, ok, at: 1)
        var widths: [Int] = []
        for round in 0..<7 {
            let width = endpoint.allowance(now: at(1))
            widths.append(width)
            let attempts = (0..<width).map { endpoint.didStart(entry(100 * round + $0), now: at(1)) }
            #expect(endpoint.allowance(now: at(1)) == 0)
            for attempt in attempts { _ = endpoint.didFinish(attempt, ok, now: at(1), wall: 0) }
        }
        #expect(widths == [1, 2, 4, 8, 16, 32, 64])
    }

    @Test func `who waits is woken once, when something may start`() {
        let endpoint = endpointDown()
        var woken = 0
        endpoint.whenOpen { woken += 1 }
        finish(endpoint, 8, missing, at: 1)
        #expect(woken == 0)
        finish(endpoint, 9, ok, at: 3)
        finish(endpoint, 10, ok, at: 3)
        #expect(woken == 1)
    }

    @Test func `Retry-After holds everything back, up to its maximum`() {
        let endpoint = Endpoint(name: "http://127.0.0.1/")
        let attempt = endpoint.didStart(entry(1), now: at(0))
        let outcome = Outcome.throttled(status: 503, retryAfter: .delay(seconds: 86_400))
        let change = endpoint.didFinish(attempt, outcome, maximumRetryAfter: .seconds(60), now: at(0), wall: 0)
        #expect(change == .slowsDown(outcome))
        #expect(endpoint.allowance(now: at(59)) == 0 && endpoint.nextChange(now: at(59)) == at(60))
        #expect(endpoint.allowance(now: at(60)) == 1)
    }
}
