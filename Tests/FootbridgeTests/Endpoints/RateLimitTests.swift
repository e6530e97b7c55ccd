import FootbridgeCurl
import FootbridgeWebhooks
import Testing

@testable import Footbridge

@Suite struct RateLimitTests {
    private func at(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: (1_000_000 + milliseconds) * 1_000_000)
    }

    @Test func `a bucket gives its burst at once, and then one after the other`() {
        var bucket = TokenBucket(RateLimit(perSecond: 10, burst: 3))
        #expect(bucket.allowance(now: at(0)) == 3)
        #expect(bucket.nextChange(now: at(0)) == nil)
        for _ in 0..<3 { bucket.take(now: at(0)) }
        #expect(bucket.allowance(now: at(0)) == 0)
        #expect(bucket.nextChange(now: at(0)) == at(100))
        #expect(bucket.allowance(now: at(99)) == 0)
        #expect(bucket.allowance(now: at(100)) == 1)
        bucket.take(now: at(100))
        #expect(bucket.nextChange(now: at(100)) == at(200))
        #expect(bucket.allowance(now: at(10_000)) == 3, "no more than the burst is saved up")
    }

    @Test func `what starts without asking is taken from those that come next`() {
        var bucket = TokenBucket(RateLimit(perSecond: 10, burst: 1))
        for _ in 0..<3 { bucket.take(now: at(0)) }
        #expect(bucket.nextChange(now: at(0)) == at(300))
        #expect(bucket.allowance(now: at(299)) == 0)
        #expect(bucket.allowance(now: at(300)) == 1)
    }

    @Test(arguments: [0.5, 20, 50, 51, 10_000])
    func `whoever starts all that is allowed keeps the rate`(rate: Double) {
        let limit = RateLimit(perSecond: rate)
        var bucket = TokenBucket(limit)
        var (now, started) = (at(0), 0)
        while now < at(20_000) {
            for _ in 0..<bucket.allowance(now: now) {
                bucket.take(now: now)
                started += 1
            }
            // Timers are no finer than this.
            now = max(bucket.nextChange(now: now) ?? now, now + .milliseconds(1))
        }
        let expected = 20 * rate
        #expect(Double(started) >= 0.99 * expected)
        #expect(Double(started) <= expected + Double(limit.burst))
    }

    @Test func `the burst is what falls due while a timer sleeps`() {
        #expect([0.001, 1, 50, 51, 10_000].map { RateLimit(perSecond: $0).burst } == [1, 1, 1, 2, 200])
    }

    @Test func `of several routes to one endpoint the strictest limit counts, and others have their own`() {
        func route(_ url: String, _ rate: RateLimit?) -> RouteConfig {
            RouteConfig(
                name: "r", streams: ["s"], group: "g", destination: .webhook(WebhookConfig(url: url)), rate: rate)
        }
        let routes = [
            route("https://a/x?1", RateLimit(perSecond: 100, burst: 2)),
            route("https://a/x", RateLimit(perSecond: 9, burst: 5)),
            route("https://a/y", RateLimit(perSecond: 1, burst: 7)), route("https://b", nil),
        ]
        let book = RateBook(routes)
        let rates = routes.map { book[$0.destination.endpointIdentity] }
        #expect(rates.map { $0?.allowance(now: at(0)) } == [2, 2, 7, nil])
        #expect(rates[0] === rates[1])
        rates[0]?.take(now: at(0))
        rates[1]?.take(now: at(0))
        #expect(rates[0]?.nextChange(now: at(0)).map { Int(($0 - at(0)) / .milliseconds(1)) } == 111)
    }

    @Test func `an endpoint keeps its limit, for probes, too`() throws {
        let endpoint = Endpoint(name: "e", rate: SharedRate(RateLimit(perSecond: 10, burst: 2)))
        #expect(endpoint.allowance(now: at(0)) == 2)
        let first = endpoint.didStart(.at(1), now: at(0))
        _ = endpoint.didStart(.at(2), now: at(0))
        #expect(endpoint.allowance(now: at(0)) == 0)
        #expect(endpoint.nextChange(now: at(0)) == at(100))
        #expect(endpoint.allowance(now: at(100)) == 1)
        // It goes down: the probe waits for its token, and the token for the probe.
        _ = endpoint.didFinish(first, .routeRefused(.certificate), now: at(100), wall: 0)
        guard case .down(let down) = endpoint.standing.state else { return #expect(Bool(false)) }
        #expect(endpoint.allowance(now: at(100)) == 0)
        #expect(endpoint.nextChange(now: at(100)) == down.nextProbe)
        #expect(endpoint.allowance(now: down.nextProbe) == 1)
        _ = endpoint.didStart(.at(3), now: down.nextProbe)
        #expect(endpoint.allowance(now: down.nextProbe) == 0)
    }
}
