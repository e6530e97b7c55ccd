import Testing
import Webhooks

@Suite struct OutcomeTests {
    /// The table of the design: what is not named in it is an outage.
    @Test func `every status has its outcome`() {
        var expected: [Int: Outcome] = [:]
        for status in 100...599 { expected[status] = .outage(.status(status)) }
        for status in 200...299 { expected[status] = .delivered(status: status) }
        for status in [400, 413, 414, 415, 422] { expected[status] = .poison(status: status) }
        for status in Array(300...399) + [401, 403, 404, 405] { expected[status] = .misconfigured(.status(status)) }
        expected[410] = .gone
        for status in 100...599 { #expect(StatusTable.outcome(of: status) == expected[status]) }
    }

    @Test(arguments: [Int.min, -1, 0, 99, 600, 999, 1_000, Int.max])
    func `nonsense is an outage`(status: Int) {
        #expect(StatusTable.outcome(of: status) == .outage(.status(status)))
    }

    @Test func `only 429 and 503 may ask for a pause`() {
        let pause = RetryAfter.delay(seconds: 5)
        let heeding = (100...599).filter {
            StatusTable.outcome(of: $0, retryAfter: pause) == .outage(.status($0, retryAfter: pause))
        }
        #expect(heeding == [429, 503])
    }

    @Test(
        arguments: [
            (Outcome.delivered(status: 204), 204, "http_204", "delivered (204)"),
            (.poison(status: 422), 422, "http_422", "the receiver refuses this message (422)"),
            (.gone, 410, "http_410", "the receiver is gone (410)"),
            (.misconfigured(.status(302)), 302, "http_302", "the receiver refuses this route (302)"),
            (.misconfigured(.certificate), nil, "certificate", "the receiver's certificate is not trusted"),
            (.misconfigured(.credentials), nil, "credentials", "our own certificate, key or CA file cannot be used"),
            (.misconfigured(.unknownHost), nil, "unknown_host", "the receiver's name does not resolve"),
            (.misconfigured(.forbiddenAddress), nil, "forbidden_address", "the receiver's address is forbidden"),
            (.outage(.status(500)), 500, "http_500", "the receiver failed (500)"),
            (
                .outage(.status(503, retryAfter: .delay(seconds: 7))), 503, "http_503",
                "the receiver failed (503) and asks for a pause of 7 s"
            ),
            (
                .outage(.status(429, retryAfter: .at(unixSeconds: 9))), 429, "http_429",
                "the receiver failed (429) and asks for a pause until unix time 9"
            ),
            (.outage(.timedOut), nil, "timeout", "no answer in time"),
            (.outage(.refused), nil, "refused", "connection refused"),
            (.outage(.reset), nil, "reset", "the connection ended before the answer did"),
            (.outage(.tls), nil, "tls", "the TLS handshake failed"),
            (.outage(.other("send failure")), nil, "transport", "send failure"),
        ] as [(Outcome, Int?, String, String)])
    func `an outcome has a status, a reason and words`(
        outcome: Outcome, status: Int?, reason: String, description: String
    ) {
        #expect(outcome.status == status)
        #expect(outcome.reason == reason)
        #expect(outcome.description == description)
    }
}
