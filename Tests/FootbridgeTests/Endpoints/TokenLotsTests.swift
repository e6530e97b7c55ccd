import FootbridgeCurl
import FootbridgeWebhooks
import Testing

@testable import Footbridge

@Suite struct TokenLotsTests {
    /// Milliseconds of virtual time.
    private func ms(_ milliseconds: Double) -> MonotonicTime { at(milliseconds / 1000) }

    private func lots(_ perSecond: Double, burst: Int = 1) -> TokenLots {
        TokenLots(RateLimit(perSecond: perSecond, burst: burst, scope: .cluster))
    }

    /// One that got `count` at 0.
    private func filled(_ count: Int, delay: Duration, perSecond: Double = 100, burst: Int = 1) -> TokenLots {
        var lots = lots(perSecond, burst: burst)
        _ = lots.ask(for: count, now: ms(0))
        lots.didGet(.init(count: count, delay: delay), now: ms(0))
        return lots
    }

    @Test func `nothing starts before the bucket has given something`() {
        var lots = lots(100)
        #expect(lots.allowance(now: ms(0)) == 0 && lots.nextChange(now: ms(0)) == nil)
        #expect(lots.ask(for: 0, now: ms(0)) == nil)
        #expect(lots.ask(for: 3, now: ms(0)) == .init(owed: 0, wanted: 3))
        #expect(lots.allowance(now: ms(0)) == 0)
    }

    @Test func `it asks once in 50 ms, and only one question at a time`() {
        var lots = lots(100)
        #expect(lots.ask(for: 3, now: ms(0)) != nil)
        #expect(lots.ask(for: 3, now: ms(60)) == nil)
        // It looks again in 50 ms whether another worker of the process has got something.
        #expect(lots.nextChange(now: ms(60)) == ms(110))
        lots.didGet(.init(count: 0, delay: .milliseconds(100)), now: ms(60))
        #expect(lots.ask(for: 3, now: ms(60)) != nil)
        lots.didGet(.init(count: 1, delay: .zero), now: ms(61))
        lots.take(now: ms(61))
        #expect(lots.nextChange(now: ms(61)) == ms(110))
        #expect(lots.ask(for: 3, now: ms(109)) == nil)
        #expect(lots.ask(for: 3, now: ms(110)) == .init(owed: 0, wanted: 3))
    }

    @Test func `it asks for what could start, for 100 ms or the burst at most, less what it has`() {
        var wide = lots(100, burst: 50)
        #expect(wide.ask(for: 1000, now: ms(0))?.wanted == 50)
        var lots = filled(8, delay: .zero)
        #expect(lots.ask(for: 1000, now: ms(50))?.wanted == 2)
        var other = filled(8, delay: .zero)
        #expect(other.ask(for: 8, now: ms(50)) == nil)
        var slow = self.lots(0.1)
        #expect(slow.ask(for: 1000, now: ms(0))?.wanted == 1)
    }

    @Test func `saved tokens are for now, the others for their time`() {
        var lots = filled(5, delay: .milliseconds(-20))
        #expect(lots.allowance(now: ms(0)) == 3)
        for _ in 0..<3 { lots.take(now: ms(0)) }
        #expect(lots.allowance(now: ms(9.9)) == 0 && lots.nextChange(now: ms(0)) == ms(10))
        #expect(lots.allowance(now: ms(10)) == 1)
        lots.take(now: ms(10))
        #expect(lots.nextChange(now: ms(10)) == ms(20))
        #expect(lots.allowance(now: ms(25)) == 1)
        lots.take(now: ms(25))
        #expect(lots.allowance(now: ms(1000)) == 0)
    }

    @Test func `what is not used within 100 ms is lost`() {
        let lots = filled(5, delay: .milliseconds(-20))
        #expect(lots.allowance(now: ms(100)) == 5)
        #expect(lots.allowance(now: ms(105)) == 2)
        #expect(lots.allowance(now: ms(115)) == 1)
        #expect(lots.allowance(now: ms(125)) == 0)
    }

    @Test func `when the bucket is empty it is asked as soon as the next token is within reach`() {
        var lots = lots(1)
        _ = lots.ask(for: 3, now: ms(0))
        lots.didGet(.init(count: 0, delay: .milliseconds(700)), now: ms(1))
        #expect(lots.nextChange(now: ms(1)) == ms(601))
        #expect(lots.ask(for: 3, now: ms(600)) == nil && lots.ask(for: 3, now: ms(601)) != nil)
        lots.didGet(.init(count: 1, delay: .milliseconds(100)), now: ms(601))
        #expect(lots.allowance(now: ms(700)) == 0 && lots.nextChange(now: ms(652)) == ms(701))
        #expect(lots.allowance(now: ms(701)) == 1)
    }

    @Test func `what starts without asking takes the next token, or is owed to the bucket`() {
        var lots = filled(1, delay: .milliseconds(30))
        for _ in 0..<3 { lots.take(now: ms(0)) }
        #expect(lots.allowance(now: ms(40)) == 0)
        #expect(lots.ask(for: 0, now: ms(50)) == .init(owed: 2, wanted: 0))
        lots.take(now: ms(51))
        lots.didGet(.init(count: 0, delay: .zero), now: ms(52))
        #expect(lots.ask(for: 1, now: ms(100)) == .init(owed: 1, wanted: 1))
    }

    @Test func `a refusal is no token, and what is owed stays owed`() {
        var lots = lots(100)
        lots.take(now: ms(0))
        #expect(lots.ask(for: 5, now: ms(0)) == .init(owed: 1, wanted: 5))
        lots.didFail(now: ms(10), for: .seconds(1))
        #expect(lots.allowance(now: ms(10)) == 0 && lots.nextChange(now: ms(10)) == ms(1010))
        #expect(lots.ask(for: 5, now: ms(1009)) == nil)
        #expect(lots.ask(for: 5, now: ms(1010)) == .init(owed: 1, wanted: 5))
    }

    @Test(arguments: [-1, 1_000_000])
    func `a bucket that answers nonsense gives no more than was asked for`(count: Int) {
        var lots = lots(100)
        _ = lots.ask(for: 3, now: ms(0))
        lots.didGet(.init(count: count, delay: .zero), now: ms(0))
        lots.didGet(.init(count: 100, delay: .zero), now: ms(0))
        #expect(lots.allowance(now: ms(99)) == (count < 0 ? 0 : 3))
    }

    @Test func `a bucket that answers an impossible time gives what was asked for`() {
        var lots = lots(1_000_000)
        _ = lots.ask(for: 3, now: ms(0))
        lots.didGet(.init(count: 3, delay: .microseconds(Int64.min)), now: ms(0))
        #expect(lots.allowance(now: ms(0)) == 3)
    }

    @Test func `of several routes to one endpoint all share the cluster's bucket if one of them does`() throws {
        func route(_ url: String, _ rate: RateLimit?) -> RouteConfig {
            RouteConfig(
                name: "r", streams: ["s"], group: "g", destination: .webhook(WebhookConfig(url: url)), rate: rate)
        }
        let shared = route("https://a/x?1", RateLimit(perSecond: 100, burst: 2, scope: .cluster))
        let own = route("https://a/x", RateLimit(perSecond: 9, burst: 5))
        let book = RateBook([shared, own, route("https://a/y", RateLimit(perSecond: 1))])
        let rate = try #require(book[shared.destination.endpointIdentity])
        #expect(rate.limit == RateLimit(perSecond: 9, burst: 2, scope: .cluster))
        #expect(rate.key == shared.rateKey && rate.allowance(now: ms(0)) == 0)
        #expect(rate.ask(for: 1, now: ms(0)) != nil)
        #expect(own.rateKey == nil)
        let other = try #require(book[.init(WebhookConfig(url: "https://a/y"))])
        #expect(other.key == nil && other.allowance(now: ms(0)) == 1 && other.ask(for: 1, now: ms(0)) == nil)
    }

    /// Other versions, and instances with other secrets and files, have to find the same bucket.
    @Test func `the key is the endpoint's alone`() {
        func key(_ url: String, _ change: (inout WebhookConfig) -> Void = { _ in }) -> String? {
            var webhook = WebhookConfig(url: url)
            change(&webhook)
            return RouteConfig(
                name: "r", streams: ["s"], group: "g", destination: .webhook(webhook),
                rate: RateLimit(perSecond: 1, scope: .cluster)
            ).rateKey
        }
        let first = key("https://example.com/hooks")
        #expect(first == "footbridge:rate:1d8210478baacbc0")
        #expect(key("https://example.com/hooks?key=1") == first)
        #expect(key("https://example.com/hooks") { $0.auth = .bearer("hunter2") } == first)
        #expect(key("https://example.com/hooks") { $0.connection.proxy = "http://p" } == first)
        #expect(key("https://example.com/hook") != first)
        #expect(key("https://example.com/hooks") { $0.connection.unixSocket = "/run/s" } != first)
    }

    @Test func `an endpoint asks for as many tokens as could start, and for one when it is down`() {
        let rate = SharedRate(RateLimit(perSecond: 100, burst: 10, scope: .cluster), key: "k")
        let endpoint = Endpoint(name: "e", rate: rate)
        #expect(endpoint.allowance(now: ms(0)) == 0)
        #expect(endpoint.tokensToFetch(3, now: ms(0)) == .init(owed: 0, wanted: 3))
        rate.didGet(.init(count: 3, delay: .milliseconds(-1000)), now: ms(0))
        #expect(endpoint.allowance(now: ms(0)) == 3)
        let attempt = endpoint.didStart(entry(1), now: ms(0))
        #expect(endpoint.allowance(now: ms(0)) == 2)
        _ = endpoint.didFinish(attempt, .routeRefused(.certificate), now: ms(0), wall: 0)
        guard case .down(let down) = endpoint.standing.state else { return #expect(Bool(false)) }
        #expect(endpoint.tokensToFetch(3, now: ms(500)) == nil)
        #expect(endpoint.tokensToFetch(3, now: down.nextProbe) == .init(owed: 0, wanted: 1))
    }
}
