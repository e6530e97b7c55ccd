import FootbridgeWebhooks
import Testing

@Suite struct OutcomeTests {
    /// The table of the design: issue 10 names the refusals of a route, and what is not named is an outage.
    @Test func `every status has its outcome`() {
        var expected: [Int: Outcome] = [:]
        for status in 100...599 { expected[status] = .outage(.status(status)) }
        for status in 200...299 { expected[status] = .delivered(status: status) }
        for status in 400...499 { expected[status] = .messageRefused(status: status) }
        for status in Array(300...399) + [401, 403, 404, 405, 407, 410, 411, 421, 426, 501] {
            expected[status] = .routeRefused(.status(status))
        }
        for status in [408, 425] { expected[status] = .outage(.status(status)) }
        expected[429] = .throttled(status: 429, retryAfter: nil)
        for status in 100...599 { #expect(StatusTable.outcome(of: status) == expected[status]) }
    }

    @Test(arguments: [Int.min, -1, 0, 99, 600, 999, 1_000, Int.max])
    func `nonsense is an outage`(status: Int) {
        #expect(StatusTable.outcome(of: status) == .outage(.status(status)))
    }

    @Test func `only 429 and 503 may ask for a pause`() {
        let pause = RetryAfter.delay(seconds: 5)
        let heeding = (100...599).filter {
            StatusTable.outcome(of: $0, retryAfter: pause) == .throttled(status: $0, retryAfter: pause)
        }
        #expect(heeding == [429, 503])
    }

    @Test func `what is certain before the request is sent is no entry's fault`() {
        let certain: [Outcome] = [
            .routeRefused(.certificate), .routeRefused(.unknownHost), .routeRefused(.noTLS), .outage(.refused),
            .outage(.tls), .outage(.nameLookupFailed),
        ]
        let open: [Outcome] = [
            .routeRefused(.status(404)), .outage(.timedOut), .outage(.reset), .outage(.status(500)),
            .messageRefused(status: 400), .outage(.notHTTP),
        ]
        #expect(certain.allSatisfy(\.precedesRequest) && !open.contains(where: \.precedesRequest))
    }

    /// What Python's http.server says to a request that begins with bytes of another (`reference/receivers.md`): 400, 501.
    @Test func `left-over bytes explain what a receiver says of a request it did not understand`() {
        let statuses = (100...599).filter { StatusTable.outcome(of: $0).mayComeFromLeftovers }
        #expect(Set([400, 405, 501, 505]).isSubset(of: statuses))
        #expect(Set([401, 403, 404, 410, 500, 503, 429, 302]).isDisjoint(with: statuses))
    }

    @Test(
        arguments: [
            (Outcome.delivered(status: 204), 204, "http_204", "delivered (204)"),
            (.delivered(status: nil), nil, "delivered", "delivered"),
            (.messageRefused(status: 422), 422, "http_422", "the receiver refuses this message (422)"),
            (
                .messageRefused(.body(status: 200)), 200, "accept.body",
                "the receiver refuses this message (200, with a body that is not accepted)"
            ),
            (.routeRefused(.status(410)), 410, "http_410", "the receiver refuses this route (410)"),
            (.routeRefused(.status(302)), 302, "http_302", "the receiver refuses this route (302)"),
            (.routeRefused(.certificate), nil, "certificate", "the receiver's certificate is not trusted"),
            (.routeRefused(.credentials), nil, "credentials", "our own certificate, key or CA file cannot be used"),
            (.routeRefused(.unknownHost), nil, "unknown_host", "the receiver's name does not exist"),
            (.routeRefused(.forbiddenAddress), nil, "forbidden_address", "the receiver's address is forbidden"),
            (.routeRefused(.noTLS), nil, "no_tls", "the port does not speak TLS"),
            (
                .routeRefused(.clientCertificateWanted), nil, "client_certificate",
                "the receiver wants a client certificate"
            ),
            (.outage(.status(500)), 500, "http_500", "the receiver failed (500)"),
            (
                .throttled(status: 503, retryAfter: .delay(seconds: 7)), 503, "http_503",
                "the receiver wants fewer requests (503) and asks for a pause of 7 s"
            ),
            (.throttled(status: 429, retryAfter: nil), 429, "http_429", "the receiver wants fewer requests (429)"),
            (.outage(.timedOut), nil, "timeout", "no answer in time"),
            (.outage(.refused), nil, "refused", "connection refused"),
            (.outage(.reset), nil, "reset", "the connection ended before the answer did"),
            (.outage(.tls), nil, "tls", "the TLS handshake failed"),
            (.outage(.nameLookupFailed), nil, "name_lookup", "the receiver's name could not be looked up"),
            (
                .outage(.named(status: 207)), 207, "accept.failed",
                "the receiver takes the request (207) and says that this entry failed"
            ),
            (.outage(.notHTTP), nil, "not_http", "the answer is not HTTP"),
            (.outage(.proxy("it is away")), nil, "proxy", "the proxy fails: it is away"),
            (.routeRefused(.noPermission("x")), nil, "no_permission", "no permission: x"),
            (.routeRefused(.noToken("a: it answers 401")), nil, "no_token", "no token: a: it answers 401"),
            (
                .outage(.keptConnectionEnded), nil, "kept_connection_ended", "a kept connection ended before any answer"
            ),
            (.ownLack("no descriptor"), nil, "own_lack", "no descriptor"),
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
