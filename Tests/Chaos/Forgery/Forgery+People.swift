/// What pauses, reloads and replays must not do.
extension Forgery {
    static var people: [Forgery] {
        let hands = "nothing is taken from the living"
        return [
            Forgery("a paused route sends", caughtBy: History.quiet) {
                $0.strike(.pause, at: 19, until: 21) { $0.quiet = $0.start...$0.end }
            },
            Forgery("a replayed letter is in no place any more", caughtBy: History.once) { $0.replay(21, at: 40) },
            Forgery("a replayed letter is accepted twice", caughtBy: History.once) {
                $0.replay(21, at: 40)
                $0.receive(21, at: 40.5, isReplayed: true)
                $0.receive(21, at: 41.5, attempt: 2, isReplayed: true)
            },
            Forgery("a replayed letter is accepted, and dead again", caughtBy: History.once) {
                $0.replay(21, at: 40)
                $0.receive(21, at: 40.5, isReplayed: true)
                $0.bury(21, "rejected: http_422", status: 422, attempts: 2, replays: 1)
            },
            Forgery("a replayed letter is dead again, and nobody refused it", caughtBy: History.once) {
                $0.replay(21, at: 40)
                $0.bury(21, "rejected: http_422", status: 422, attempts: 2, replays: 1)
            },
            Forgery("what was not replayed comes as if it was", caughtBy: History.once) {
                $0.receive(21, at: 40.5, isReplayed: true)
            },
            Forgery("a replay that goes on with the attempts of the first time", caughtBy: History.once) {
                $0.replay(21, at: 40)
                $0.receive(21, at: 40.5, attempt: 3, isReplayed: true)
            },
            Forgery("an entry goes to another process without a reload", caughtBy: hands) {
                $0.fail(20, .status503, times: 1)
                $0.receive(20, at: 25, attempt: 2, run: 0)
                $0.strike(.reload, at: 30, until: 31, run: 2)
            },
        ]
    }

    static var soundReplays: [(String, @Sendable (inout ForgedLedger) -> Void)] {
        [
            (
                "a letter is replayed, and accepted",
                { ledger in
                    ledger.replay(21, at: 40)
                    ledger.receive(21, at: 40.5, isReplayed: true)
                }
            ),
            (
                "a letter is replayed, and dead again",
                { ledger in
                    ledger.replay(21, at: 40)
                    ledger.refuse(21, at: 40.5, isReplayed: true)
                    ledger.bury(21, "rejected: http_422", status: 422, attempts: 2, replays: 1)
                }
            ),
            (
                "an entry changes hands by a reload",
                { ledger in
                    ledger.fail(20, .status503, times: 1)
                    ledger.receive(20, at: 25, attempt: 2, run: 0)
                    ledger.strike(.reload, at: 22, until: 23, run: 2)
                }
            ),
        ]
    }
}
