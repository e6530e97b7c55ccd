import FootbridgeWebhooks
import RedisStreams
import Testing

@testable import Footbridge

struct RetryPolicyTests {
    private let policy = RetryPolicy(
        attempts: 3, backoff: Backoff(initial: .seconds(10), factor: 2, maximum: .seconds(3600), jitter: 0),
        maximumRetryAfter: .seconds(60))
    private let id = EntryID(milliseconds: 1_772_442_927_250)

    @Test func `a schedule names the waits, and its last one repeats`() {
        let policy = RetryPolicy(
            attempts: 5, backoff: Backoff(jitter: 0), schedule: [.seconds(5), .seconds(300), .seconds(1800)])
        #expect(
            (1...4).map { policy.delay(afterAttempt: $0, of: id) } == [
                .seconds(5), .seconds(300), .seconds(1800), .seconds(1800),
            ])
        #expect(policy.longestDelay(attempt: 5, of: id) == .seconds(1800))
    }

    @Test func `without a schedule the longest wait is the longest of the backoff`() {
        #expect(policy.longestDelay(attempt: 3, of: id) == .seconds(3600))
    }

    @Test func `the waits of a schedule are jittered by the id, the same on every instance`() {
        let policy = RetryPolicy(attempts: 9, backoff: Backoff(jitter: 0.2), schedule: [.seconds(100)])
        let waits = (0..<200).map { policy.delay(afterAttempt: 1, of: EntryID(milliseconds: 1_700_000_000_000 + $0)) }
        #expect(waits.allSatisfy { .seconds(80) <= $0 && $0 <= .seconds(120) })
        #expect(Set(waits).count > 150)
        #expect(
            waits == (0..<200).map { policy.delay(afterAttempt: 1, of: EntryID(milliseconds: 1_700_000_000_000 + $0)) })
    }

    // MARK: - What a lost instance left

    @Test(
        arguments: [
            // Handed back unsent, or driven below zero by somebody: sent at once.
            (0, 0, .retry(after: .zero, counts: true)), (-1, 5, .retry(after: .zero, counts: true)),
            // Begun once: 10 s from then on, of which some have passed.
            (1, 0, .retry(after: .seconds(10), counts: true)), (1, 4, .retry(after: .seconds(6), counts: true)),
            (1, 10, .retry(after: .zero, counts: true)), (1, 86_400, .retry(after: .zero, counts: true)),
            (2, 5, .retry(after: .seconds(15), counts: true)),
            // Its attempts are spent, and it may be waiting for its endpoint: one more.
            (3, 0, .retry(after: .seconds(40), counts: true)), (3, 99, .retry(after: .zero, counts: true)),
            // That one may have been what killed the instance.
            (4, 0, .deadLetter(.exhausted(nil))), (5, 99, .deadLetter(.exhausted(nil))),
            (Int.max, 0, .deadLetter(.exhausted(nil))),
        ] as [(Int, Int, Verdict)])
    func `an entry that was begun is due when it would have been`(count: Int, idle: Int, expected: Verdict) {
        #expect(policy.resumption(deliveryCount: count, idle: .seconds(idle), id: id) == expected)
    }

    // MARK: - Reasons

    @Test(
        arguments: [
            (.rejected(.messageRefused(status: 422)), "rejected: http_422", 422),
            (.exhausted(.outage(.status(503))), "exhausted: http_503", 503),
            (.exhausted(.outage(.timedOut)), "exhausted: timeout", nil),
            (.exhausted(nil), "exhausted: instance_lost", nil),
            (.unshapeable(key: "filter", message: "no"), "unshapeable: filter: no", nil),
            (.malformed("no field \"data\""), "malformed: no field \"data\"", nil),
        ] as [(DeadLetterReason, String, Int?)])
    func `a reason has words and perhaps a status`(reason: DeadLetterReason, text: String, status: Int?) {
        #expect(reason.text == text)
        #expect(reason.status == status)
    }
}
