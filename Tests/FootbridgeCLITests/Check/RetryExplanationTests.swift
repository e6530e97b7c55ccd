import Footbridge
import RedisStreams
import Testing

@testable import footbridge

struct RetryExplanationTests {
    private let rule = "While the endpoint accepts nothing at all, no entry is given up, however often it was tried."

    private func explanation(_ retry: RetryPolicy) -> [String] {
        let webhook = WebhookConfig(url: "https://example.com/hooks")
        let route = RouteConfig(
            name: "orders", streams: ["orders"], group: "orders", destination: .webhook(webhook), retry: retry)
        return RetryExplanation(route: route).description.split(separator: "\n").map(String.init)
    }

    /// The sums are those of docs/delivery.md.
    @Test func `the defaults end after 34 minutes`() {
        let lines = explanation(RetryPolicy())
        #expect(lines[0] == "orders: 12 attempts, given up after 34m7s")
        #expect(
            lines[2...4] == [
                "        1                -                0s", "        2               1s                1s",
                "        3               2s                3s",
            ])
        #expect(lines.count == 16)
        #expect(lines[13] == "       12            17m4s             34m7s")
        #expect(lines[14] == "Each wait is moved by up to 20 %, up or down.")
        #expect(lines[15] == rule)
        #expect(!explanation(RetryPolicy(giveUp: .always)).contains(rule))
    }

    @Test func `what keeps its place is never given up`() {
        let destination = Destination.webhook(WebhookConfig(url: "https://example.com/hooks"))
        let route = RouteConfig(
            name: "orders", streams: ["orders"], group: "orders", destination: destination,
            retry: RetryPolicy(attempts: 3, schedule: [.seconds(5), .seconds(60)]), ordering: .strict, onDead: .hold)
        let lines = RetryExplanation(route: route).description.split(separator: "\n")
        #expect(lines[0] == "orders: 3 attempts, then once in 1m for as long as it takes")
        #expect(lines.last == "It is never given up: on_dead is hold.")
    }

    @Test func `max_age ends it sooner`() {
        let policy = RetryPolicy(
            attempts: 9, backoff: Backoff(jitter: 0), schedule: [.seconds(5), .seconds(7200), .seconds(86_400)],
            maximumAge: .seconds(100_000))
        let lines = explanation(policy)
        #expect(lines[0] == "orders: max_age ends it: 4 attempts, given up after 1d2h")
        #expect(lines.last == "While the endpoint accepts nothing at all, no entry is given up before max_age.")
    }

    @Test func `parts of a second are shown`() {
        let policy = RetryPolicy(backoff: Backoff(jitter: 0), schedule: [.milliseconds(1500), .milliseconds(40)])
        let lines = explanation(RetryPolicy(attempts: 3, backoff: policy.backoff, schedule: policy.schedule))
        #expect(
            lines == [
                "orders: 3 attempts, given up after 1.54s", "  attempt   wait before it   since the first",
                "        1                -                0s", "        2             1.5s              1.5s",
                "        3             40ms             1.54s", rule,
            ])
    }

    @Test func `of very many attempts the first and the last are shown`() {
        let lines = explanation(RetryPolicy(attempts: 1_000_000, backoff: Backoff(maximum: .seconds(1), jitter: 0)))
        #expect(lines.count == 45)
        #expect(lines[42].contains("…"))
        #expect(lines[43].hasPrefix("  1000000"))
    }
}
