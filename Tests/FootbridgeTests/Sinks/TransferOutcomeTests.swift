import FootbridgeWebhooks
import Testing

@testable import Footbridge
@testable import FootbridgeCurl

struct TransferOutcomeTests {
    private let now: Int64 = 1_772_442_927_250

    private func outcome(status: Int, retryAfter: String? = nil) -> Outcome {
        Outcome(
            .success(TransferResponse(status: status, bodyHead: [], isTruncated: false)), now: now,
            retryAfter: { retryAfter })
    }

    @Test(
        arguments: [
            (200, .delivered(status: 200)), (202, .delivered(status: 202)), (301, .routeRefused(.status(301))),
            (304, .routeRefused(.status(304))), (400, .messageRefused(status: 400)), (401, .routeRefused(.status(401))),
            (404, .routeRefused(.status(404))), (408, .outage(.status(408))), (410, .routeRefused(.status(410))),
            (413, .messageRefused(status: 413)),
            (422, .messageRefused(status: 422)), (425, .outage(.status(425))), (500, .outage(.status(500))),
            (599, .outage(.status(599))), (418, .messageRefused(status: 418)), (600, .outage(.status(600))),
        ] as [(Int, Outcome)])
    func `an answer is classed by its status`(status: Int, expected: Outcome) {
        #expect(outcome(status: status) == expected)
    }

    @Test func `a cut answer counts like a whole one`() {
        let response = TransferResponse(status: 200, bodyHead: [1], isTruncated: true)
        #expect(Outcome(.success(response), now: now, retryAfter: { nil }) == .delivered(status: 200))
    }

    @Test(
        arguments: [
            (.unknownHost, .routeRefused(.unknownHost)), (.certificate, .routeRefused(.certificate)),
            (.invalid, .routeRefused(.credentials)), (.refused, .outage(.refused)), (.timedOut, .outage(.timedOut)),
            (.disconnected, .outage(.reset)), (.tls, .outage(.tls)), (.cancelled, .outage(.other("words"))),
            (.other, .outage(.other("words"))), (.keptConnectionEnded, .outage(.keptConnectionEnded)),
            (.noTLS, .routeRefused(.noTLS)), (.clientCertificateWanted, .routeRefused(.clientCertificateWanted)),
            (.nameLookupFailed, .outage(.nameLookupFailed)), (.notHTTP, .outage(.notHTTP)),
            (.ownLack, .ownLack("words")), (.forbiddenAddress, .routeRefused(.forbiddenAddress)),
            (.proxy, .outage(.proxy("words"))),
        ] as [(TransportFailure.Kind, Outcome)])
    func `no answer is classed by what failed`(kind: TransportFailure.Kind, expected: Outcome) {
        let failure = TransportFailure(kind: kind, message: "words")
        #expect(Outcome(.failure(failure), now: now, retryAfter: { "5" }) == expected)
    }

    @Test(arguments: [429, 503]) func `Retry-After is read where it speaks of the endpoint`(status: Int) {
        #expect(
            outcome(status: status, retryAfter: "120") == .throttled(status: status, retryAfter: .delay(seconds: 120)))
        #expect(
            outcome(status: status, retryAfter: "Mon, 02 Mar 2026 09:20:00 GMT")
                == .throttled(status: status, retryAfter: .at(unixSeconds: 1_772_443_200)))
        // 429 says so without the header, too.
        let unread: Outcome = status == 429 ? .throttled(status: 429, retryAfter: nil) : .outage(.status(503))
        #expect(outcome(status: status, retryAfter: "soon") == unread)
    }

    @Test func `elsewhere the header is not even asked for`() {
        for status in [200, 301, 410, 422, 500, 502, 504] {
            let response = TransferResponse(status: status, bodyHead: [], isTruncated: false)
            _ = Outcome(.success(response), now: now) {
                Issue.record("asked for at \(status)")
                return nil
            }
        }
    }
}
