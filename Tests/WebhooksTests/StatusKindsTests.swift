import FootbridgeWebhooks
import Testing

struct StatusKindsTests {
    private func kinds(_ status: Int, _ kind: StatusKinds.Kind) -> StatusKinds {
        var kinds = StatusKinds()
        kinds[status] = kind
        return kinds
    }

    @Test(
        arguments: [
            (.delivered, .delivered(status: 404)), (.messageRefused, .messageRefused(status: 404)),
            (.routeRefused, .routeRefused(.status(404))), (.outage, .outage(.status(404))),
            (.throttled, .throttled(status: 404, retryAfter: .delay(seconds: 5))),
        ] as [(StatusKinds.Kind, Outcome)])
    func `a status means what it was given, others what they always do`(kind: StatusKinds.Kind, expected: Outcome) {
        let kinds = kinds(404, kind)
        #expect(kinds.outcome(of: 404, retryAfter: .delay(seconds: 5)) == expected)
        for status in [200, 301, 400, 429, 500, 503] {
            #expect(kinds.outcome(of: status, retryAfter: nil) == StatusTable.outcome(of: status))
        }
    }

    @Test func `Retry-After counts where a status throttles, and nowhere else`() {
        #expect(kinds(420, .throttled).heedsRetryAfter(420))
        #expect(kinds(420, .throttled).heedsRetryAfter(503))
        #expect(!kinds(503, .outage).heedsRetryAfter(503))
        #expect(!kinds(420, .throttled).heedsRetryAfter(500))
        #expect(kinds(503, .outage).outcome(of: 503, retryAfter: .delay(seconds: 5)) == .outage(.status(503)))
    }
}
