/// Attempts that are numbered, timed or ended wrongly.
extension Forgery {
    private static let rise = "attempts rise one by one across instances"
    private static let wait = "retries wait as the schedule says"
    private static let justified = "dead letters are justified by receipts"

    static var attempts: [Forgery] {
        [
            Forgery("the first attempt is 5", caughtBy: rise) { $0.receipts[20].attempt = 5 },
            Forgery("the first attempt is 0", caughtBy: rise) { $0.receipts[20].attempt = 0 },
            Forgery("a gap", caughtBy: rise) {
                $0.forget(20)
                $0.receive(20, at: 20, .status500)
                $0.receive(20, at: 21, attempt: 3)
            },
            Forgery("the same request twice, as libcurl repeats it on a connection that ended", caughtBy: rise) {
                $0.forget(20)
                $0.receive(20, at: 20, .reset)
                $0.receive(20, at: 20.01, connection: 9, earlier: 0)
            },
            Forgery("two numbers missing by one kill", caughtBy: rise) {
                $0.forget(20)
                $0.receive(20, at: 23, attempt: 3, run: 0)
                $0.kill(2, at: 20.5)
            },
            Forgery("attempts without end", caughtBy: "attempts end") { ledger in
                ledger.forget(20)
                for attempt in 1...12 {
                    ledger.receive(20, at: 20 + 2.5 * Double(attempt), attempt: attempt, .status500)
                    ledger.receive(20 + attempt, at: 20 + 2.5 * Double(attempt) - 0.1, attempt: 2, run: 2)
                }
                ledger.receive(20, at: 55, attempt: 13)
            },
            Forgery("a retry that does not wait", caughtBy: wait) {
                $0.forget(20)
                $0.receive(20, at: 20, .status500)
                $0.receive(20, at: 20.02, attempt: 2)
            },
            Forgery("a retry that forgets Retry-After", caughtBy: wait) {
                $0.forget(20)
                $0.receive(20, at: 20, .status429)
                $0.receive(20, at: 20.3, attempt: 2)
            },
            Forgery("a retry of another process that does not know the due time", caughtBy: wait) {
                $0.forget(20)
                $0.receive(20, at: 20, attempt: 1, .status500)
                $0.receive(20, at: 20.3, attempt: 2, .status500)
                $0.receive(20, at: 20.65, attempt: 3, .status500)
                $0.receive(20, at: 21.4, attempt: 4, .status500)
                $0.receive(20, at: 22.0, attempt: 5, run: 3)
                $0.kill(2, at: 21.9)
            },
            Forgery("repeated at once, and once more", caughtBy: wait) {
                $0.forget(20)
                $0.receive(20, at: 20, .reset)
                $0.receive(20, at: 20.01, attempt: 2, .reset, connection: 9)
                $0.receive(20, at: 20.02, attempt: 3, connection: 10, earlier: 0)
            },
        ]
    }

    static var burials: [Forgery] {
        [
            Forgery("dead without one request", caughtBy: justified) {
                $0.forget(20)
                $0.bury(20, "exhausted: instance_lost", attempts: 8)
            },
            Forgery("dead for an answer that nobody gave", caughtBy: justified) {
                $0.fail(20, .status503)
                $0.bury(20, "exhausted: http_500", status: 500, attempts: 8)
            },
            Forgery("dead with another status than its reason", caughtBy: justified) {
                $0.fail(20, .status503)
                $0.bury(20, "exhausted: http_503", status: 500, attempts: 8)
            },
            Forgery("dead before its attempts are used up", caughtBy: justified) {
                $0.fail(20, .status503, times: 3)
                $0.bury(20, "exhausted: http_503", status: 503, attempts: 8)
            },
            Forgery("dead after attempts that were asked to wait", caughtBy: justified) {
                $0.fail(20, .status429)
                $0.bury(20, "exhausted: http_429", status: 429, attempts: 8)
            },
            Forgery("dead with an instance that nobody killed", caughtBy: justified) {
                $0.fail(20, .status503)
                $0.bury(20, "exhausted: instance_lost", attempts: 8)
            },
            Forgery("dead as a refusal though the receiver was down", caughtBy: justified) {
                $0.fail(20, .status503, times: 1)
                $0.bury(20, "rejected: http_422", status: 422, attempts: 1)
            },
            Forgery("refused once only", caughtBy: "refusals are tried once more, on a fresh connection") {
                $0.fail(20, .status422, times: 1)
                $0.bury(20, "rejected: http_422", status: 422, attempts: 1)
            },
            Forgery("refused twice on one connection", caughtBy: "refusals are tried once more, on a fresh connection")
            {
                $0.forget(20)
                $0.receive(20, at: 20, .status422)
                $0.receive(20, at: 20.01, attempt: 2, .status422, earlier: 2)
                $0.bury(20, "rejected: http_422", status: 422, attempts: 2)
            },
            Forgery(
                "given up by a receiver that takes nothing",
                caughtBy: "nothing is given up by a receiver that takes nothing"
            ) {
                for number in 21..<ForgedLedger.count where number % 3 == 2 { $0.forget(number) }
                $0.fail(20, .status503)
                $0.bury(20, "exhausted: http_503", status: 503, attempts: 8)
            },
        ]
    }
}

extension ForgedLedger {
    /// So many attempts that all end like this, by the schedule.
    mutating func fail(_ number: Int, _ answer: Answer, times: Int = Settings.attempts) {
        forget(number)
        for attempt in 1...times {
            receive(number, at: Self.second(number) + 2.5 * Double(attempt - 1), attempt: attempt, answer)
        }
    }
}
