import FootbridgeWebhooks
import RedisStreams
import Testing

@testable import Footbridge

/// The table of design.md §3.
struct VerdictTests {
    enum Situation: CaseIterable {
        /// It accepts others, and did so after this entry had failed.
        case well
        /// It accepted something long ago, and others fail since.
        case doubtful
        case down
    }

    private static let policy = RetryPolicy(
        attempts: 4, backoff: Backoff(initial: .seconds(10), factor: 2, maximum: .seconds(3600), jitter: 0),
        maximumRetryAfter: .seconds(60))

    /// The verdict on entry 1, which failed before with `first`.
    private func verdict(
        _ outcome: Outcome, _ situation: Situation = .well, attempt: Int = 2, first: Outcome?, used: Bool = false,
        policy: RetryPolicy = policy, age: Duration? = nil
    ) -> Verdict {
        var standing = Standing()
        standing.tell(.delivered(status: 200), of: 0)
        var mark = RefusalMark.none
        if let first {
            standing.tell(first, of: 1)
            mark = standing.mark(.none, after: first)
        }
        switch situation {
        case .well: standing.tell(.delivered(status: 200), of: 2, at: 1)
        case .doubtful: standing.tell(.outage(.status(500)), of: 3, at: 60)
        case .down: standing.tell(.routeRefused(.certificate), of: 3, at: 60)
        }
        standing.tell(outcome, of: 1, mark: mark, usedConnection: used, isProbe: situation == .down, at: 61)
        return Verdict.of(
            outcome, usedConnection: used, attempt: attempt, mark: mark, standing: standing, policy: policy,
            id: entry(1),
            age: age, now: 0)
    }

    private let bad = Outcome.messageRefused(status: 422)
    private static let routeRefusals = [401, 403, 404, 405, 407, 410, 411, 421, 426, 501, 302].map {
        Outcome.routeRefused(.status($0))
    }
    private static let outages: [Outcome] =
        [500, 502, 503, 408, 425].map { .outage(.status($0)) } + [.outage(.timedOut), .outage(.reset)]

    @Test(arguments: Situation.allCases) func `what was delivered is settled`(situation: Situation) {
        #expect(verdict(.delivered(status: 200), situation, first: nil) == .settle)
    }

    @Test func `a refused message is repeated at once, and dead after the second refusal if others pass`() {
        #expect(verdict(bad, attempt: 1, first: nil) == .repeatNow)
        #expect(verdict(bad, attempt: 2, first: bad) == .deadLetter(.rejected(bad)))
        // An outage before it is no refusal of the message.
        #expect(verdict(bad, attempt: 2, first: .outage(.timedOut)) == .repeatNow)
    }

    @Test func `a message that is refused by an endpoint that is not well waits`() {
        #expect(verdict(bad, .doubtful, attempt: 1, first: nil) == .repeatNow)
        #expect(
            (2...5).map { verdict(bad, .doubtful, attempt: $0, first: bad) } == [
                .judgeLater(.rejected(bad), within: .seconds(20)), .retry(after: .seconds(40), counts: true),
                .retry(after: .seconds(3600), counts: false), .retry(after: .seconds(3600), counts: false),
            ])
        #expect(verdict(bad, .down, attempt: 1, first: nil) == .retry(after: .zero, counts: false))
        #expect(verdict(bad, .down, attempt: 9, first: bad) == .retry(after: .zero, counts: false))
    }

    @Test(arguments: routeRefusals + outages)
    func `a refused route and an outage are retried, counted and given up if others pass`(outcome: Outcome) {
        #expect(
            (1...4).map { verdict(outcome, attempt: $0, first: outcome) } == [
                .retry(after: .seconds(10), counts: true), .retry(after: .seconds(20), counts: true),
                .retry(after: .seconds(40), counts: true), .deadLetter(.exhausted(outcome)),
            ])
    }

    @Test(arguments: routeRefusals + outages + [.outage(.refused), .outage(.nameLookupFailed)])
    func `where nothing passes nothing is given up`(outcome: Outcome) {
        #expect(
            [1, 3, 4, 99].map { verdict(outcome, .doubtful, attempt: $0, first: outcome) } == [
                .retry(after: .seconds(10), counts: true), .retry(after: .seconds(40), counts: true),
                .retry(after: .seconds(3600), counts: false), .retry(after: .seconds(3600), counts: false),
            ])
        #expect(
            [1, 4, 99].map { verdict(outcome, .down, attempt: $0, first: outcome) }
                == Array(repeating: .retry(after: .zero, counts: false), count: 3))
    }

    @Test(arguments: routeRefusals + outages + [.messageRefused(status: 422)])
    func `nothing is given up by an endpoint that accepted others since, but fails for everybody now`(
        outcome: Outcome
    ) {
        var standing = Standing()
        standing.tell(.delivered(status: 200), of: 0)
        standing.tell(outcome, of: 1)
        let mark = standing.mark(.none, after: outcome)
        standing.tell(.delivered(status: 200), of: 2, at: 1)
        standing.tell(.outage(.status(500)), of: 3, at: 60)
        standing.tell(outcome, of: 1, mark: mark, at: 61)
        #expect(standing.state == .doubtful && standing.acceptedOthers(since: mark))
        #expect(
            Verdict.of(
                outcome, usedConnection: false, attempt: 4, mark: mark, standing: standing, policy: Self.policy,
                id: entry(1), age: nil, now: 0)
                == .retry(after: .seconds(3600), counts: false))
    }

    @Test func `the last attempt is no proof if nobody was accepted since the first`() {
        let outcome = Outcome.outage(.status(500))
        var standing = Standing()
        standing.tell(.delivered(status: 200), of: 0)
        standing.tell(outcome, of: 1)
        #expect(
            Verdict.of(
                outcome, usedConnection: false, attempt: 1, mark: .none, standing: standing,
                policy: RetryPolicy(attempts: 1, backoff: Backoff(jitter: 0)), id: entry(1), age: nil, now: 0)
                == .retry(after: .seconds(1), counts: false))
    }

    @Test(arguments: Situation.allCases)
    func `who wants fewer requests spends no attempt`(situation: Situation) {
        for (asked, seconds) in [(nil, 1), (5, 5), (0, 1), (86_400, 60)] as [(Int64?, Int)] {
            let outcome = Outcome.throttled(status: 429, retryAfter: asked.map { .delay(seconds: $0) })
            for attempt in [1, 4, 99] {
                #expect(
                    verdict(outcome, situation, attempt: attempt, first: outcome)
                        == .retry(after: .seconds(seconds), counts: false))
            }
        }
    }

    @Test(arguments: Situation.allCases) func `our own lack pauses the worker`(situation: Situation) {
        #expect(verdict(.ownLack("no descriptor"), situation, attempt: 99, first: nil) == .pauseWorker)
    }

    @Test(arguments: [
        Outcome.messageRefused(status: 400), .routeRefused(.status(501)), .outage(.notHTTP),
        .outage(.keptConnectionEnded),
    ])
    func `what left-over bytes may cause is repeated on a fresh connection, but not as a probe`(outcome: Outcome) {
        for situation in [Situation.well, .doubtful] {
            #expect(verdict(outcome, situation, attempt: 4, first: outcome, used: true) == .repeatNow)
        }
        #expect(verdict(outcome, .down, attempt: 4, first: outcome, used: true) == .retry(after: .zero, counts: false))
    }

    @Test(arguments: [Outcome.routeRefused(.status(401)), .outage(.status(500)), .outage(.timedOut), .outage(.reset)])
    func `an outage is not doubled by repeating it`(outcome: Outcome) {
        #expect(verdict(outcome, attempt: 1, first: nil, used: true) == .retry(after: .seconds(10), counts: true))
    }

    @Test(arguments: Situation.allCases)
    func `max_age ends everything that would be retried`(situation: Situation) {
        var policy = Self.policy
        policy.maximumAge = .seconds(60)
        let outcomes: [Outcome] = [
            .routeRefused(.status(404)), .outage(.timedOut), .throttled(status: 429, retryAfter: nil),
        ]
        for outcome in outcomes {
            #expect(
                verdict(outcome, situation, attempt: 1, first: nil, policy: policy, age: .seconds(61))
                    == .deadLetter(.expired(outcome)))
            #expect(
                verdict(outcome, situation, attempt: 1, first: nil, policy: policy, age: nil)
                    == verdict(outcome, situation, attempt: 1, first: nil))
        }
        #expect(
            [50, 51].map { verdict(.outage(.timedOut), attempt: 1, first: nil, policy: policy, age: .seconds($0)) } == [
                .retry(after: .seconds(10), counts: true), .deadLetter(.expired(.outage(.timedOut))),
            ])
    }

    @Test(arguments: Situation.allCases)
    func `with give_up always the attempts alone decide`(situation: Situation) {
        var policy = Self.policy
        policy.giveUp = .always
        for outcome in Self.routeRefusals + Self.outages {
            #expect(
                [3, 4].map { verdict(outcome, situation, attempt: $0, first: nil, policy: policy) } == [
                    .retry(after: .seconds(40), counts: true), .deadLetter(.exhausted(outcome)),
                ])
        }
        #expect(verdict(bad, situation, attempt: 2, first: bad, policy: policy) == .deadLetter(.rejected(bad)))
    }
}
