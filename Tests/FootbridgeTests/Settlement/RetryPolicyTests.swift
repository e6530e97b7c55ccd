import RedisStreams
import Testing
import Webhooks

@testable import Footbridge

struct RetryPolicyTests {
    private let policy = RetryPolicy(
        attempts: 3, backoff: Backoff(initial: .seconds(10), factor: 2, maximum: .seconds(3600), jitter: 0),
        maximumRetryAfter: .seconds(60))
    private let id = EntryID(milliseconds: 1_772_442_927_250)
    private let now: Int64 = 1_772_442_927_250

    private func settlement(_ outcome: Outcome, attempt: Int = 1) -> Settlement {
        policy.settlement(of: outcome, attempt: attempt, id: id, now: now)
    }

    @Test(arguments: [200, 204, 299]) func `what was delivered is acknowledged, whatever the attempt`(status: Int) {
        #expect(
            [1, 3, 99].map { settlement(.delivered(status: status), attempt: $0) } == [
                .acknowledge, .acknowledge, .acknowledge,
            ])
    }

    @Test func `a message that is refused for good is dead at once`() {
        let outcome = Outcome.poison(status: 422)
        #expect(settlement(outcome) == .deadLetter(.rejected(outcome)))
        #expect(settlement(outcome, attempt: 3) == .deadLetter(.rejected(outcome)))
    }

    @Test(arguments: [
        Outcome.misconfigured(.status(401)), .misconfigured(.certificate), .misconfigured(.unknownHost), .gone,
    ])
    func `a fault of the route never costs an entry its life`(outcome: Outcome) {
        #expect(
            [1, 3, 1_000_000].map { settlement(outcome, attempt: $0) } == Array(repeating: .hold(outcome), count: 3))
    }

    @Test(arguments: [
        Outcome.outage(.timedOut), .outage(.refused), .outage(.reset), .outage(.tls), .outage(.other("x")),
        .outage(.status(500)), .outage(.status(429)), .outage(.status(503)),
    ])
    func `an outage is retried on schedule, until the attempts are spent`(outcome: Outcome) {
        #expect(
            (1...4).map { settlement(outcome, attempt: $0) } == [
                .retry(after: .seconds(10)), .retry(after: .seconds(20)), .deadLetter(.exhausted(outcome)),
                .deadLetter(.exhausted(outcome)),
            ])
    }

    @Test(
        arguments: [
            // More patience than the schedule has, less, more than its maximum, and none.
            (RetryAfter.delay(seconds: 30), 30), (.delay(seconds: 3), 10), (.delay(seconds: 86_400 * 365), 60),
            (.delay(seconds: 0), 10), (.delay(seconds: 1 << 31), 60),
            // 30 s from now, in the past, and in the year 5138.
            (.at(unixSeconds: 1_772_442_957), 29.75), (.at(unixSeconds: 1_772_442_000), 10),
            (.at(unixSeconds: 100_000_000_000), 60),
            (.at(unixSeconds: 0), 10),
        ] as [(RetryAfter, Double)])
    func `Retry-After may lengthen the wait up to the maximum, never shorten it`(asked: RetryAfter, seconds: Double) {
        for status in [429, 503] {
            #expect(settlement(.outage(.status(status, retryAfter: asked))) == .retry(after: .seconds(seconds)))
        }
        #expect(settlement(.outage(.status(500, retryAfter: asked))) == .retry(after: .seconds(10)))
    }

    @Test func `Retry-After does not give more attempts`() {
        let outcome = Outcome.outage(.status(429, retryAfter: .delay(seconds: 30)))
        #expect(settlement(outcome, attempt: 3) == .deadLetter(.exhausted(outcome)))
    }

    @Test func `a schedule names the waits, and its last one repeats`() {
        let policy = RetryPolicy(
            attempts: 5, backoff: Backoff(jitter: 0), schedule: [.seconds(5), .seconds(300), .seconds(1800)])
        #expect(
            (1...5).map { policy.settlement(of: .outage(.timedOut), attempt: $0, id: id, now: now) } == [
                .retry(after: .seconds(5)), .retry(after: .seconds(300)), .retry(after: .seconds(1800)),
                .retry(after: .seconds(1800)), .deadLetter(.exhausted(.outage(.timedOut))),
            ])
    }

    @Test func `the waits of a schedule are jittered by the id, the same on every instance`() {
        let policy = RetryPolicy(attempts: 9, backoff: Backoff(jitter: 0.2), schedule: [.seconds(100)])
        let waits = (0..<200).map { policy.delay(afterAttempt: 1, of: EntryID(milliseconds: 1_700_000_000_000 + $0)) }
        #expect(waits.allSatisfy { .seconds(80) <= $0 && $0 <= .seconds(120) })
        #expect(Set(waits).count > 150)
        #expect(
            waits == (0..<200).map { policy.delay(afterAttempt: 1, of: EntryID(milliseconds: 1_700_000_000_000 + $0)) })
    }

    @Test(arguments: [(50, false), (51, true)])
    func `an entry that would be too old at its next attempt is given up`(age: Int64, isOver: Bool) {
        let policy = RetryPolicy(
            attempts: 9, backoff: Backoff(initial: .seconds(10), jitter: 0), maximumAge: .seconds(60))
        let outcome = Outcome.outage(.status(503))
        #expect(
            policy.settlement(of: outcome, attempt: 1, id: id, now: now + age * 1000)
                == (isOver ? .deadLetter(.expired(outcome)) : .retry(after: .seconds(10))))
        #expect(DeadLetterReason.expired(outcome).text == "expired: http_503")
    }

    @Test func `an id from the far future has no age`() {
        let policy = RetryPolicy(attempts: 9, backoff: Backoff(jitter: 0), maximumAge: .seconds(60))
        #expect(
            policy.settlement(of: .outage(.timedOut), attempt: 1, id: EntryID.maximum, now: now)
                == .retry(after: .seconds(1)))
    }

    @Test func `a policy of one attempt does not retry`() {
        let once = RetryPolicy(attempts: 1)
        #expect(
            once.settlement(of: .outage(.timedOut), attempt: 1, id: id, now: now)
                == .deadLetter(.exhausted(.outage(.timedOut))))
    }

    // MARK: - What a lost instance left

    @Test(
        arguments: [
            // Handed back unsent, or driven below zero by somebody: sent at once.
            (0, 0, .retry(after: .zero)), (-1, 5, .retry(after: .zero)),
            // Begun once: 10 s from then on, of which some have passed.
            (1, 0, .retry(after: .seconds(10))), (1, 4, .retry(after: .seconds(6))), (1, 10, .retry(after: .zero)),
            (1, 86_400, .retry(after: .zero)), (2, 5, .retry(after: .seconds(15))),
            // Begun as often as allowed: the last may have been what killed the instance.
            (3, 0, .deadLetter(.exhausted(nil))), (4, 99, .deadLetter(.exhausted(nil))),
            (Int.max, 0, .deadLetter(.exhausted(nil))),
        ] as [(Int, Int, Settlement)])
    func `an entry that was begun is due when it would have been`(count: Int, idle: Int, expected: Settlement) {
        #expect(policy.resumption(deliveryCount: count, idle: .seconds(idle), id: id) == expected)
    }

    // MARK: - Reasons

    @Test(
        arguments: [
            (.rejected(.poison(status: 422)), "rejected: http_422", 422),
            (.exhausted(.outage(.status(503))), "exhausted: http_503", 503),
            (.exhausted(.outage(.timedOut)), "exhausted: timeout", nil),
            (.exhausted(nil), "exhausted: instance_lost", nil),
            (.malformed("no field \"data\""), "malformed: no field \"data\"", nil),
        ] as [(DeadLetterReason, String, Int?)])
    func `a reason has words and perhaps a status`(reason: DeadLetterReason, text: String, status: Int?) {
        #expect(reason.text == text)
        #expect(reason.status == status)
    }
}
