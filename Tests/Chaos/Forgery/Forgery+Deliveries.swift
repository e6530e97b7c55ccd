/// What was lost, came wrong, or came twice.
extension Forgery {
    static var losses: [Forgery] {
        [
            Forgery("an entry never arrives", caughtBy: "nothing lost") { $0.forget(20) },
            Forgery("an entry whose XADD got no reply stands in the stream and never arrives", caughtBy: "nothing lost")
            {
                $0.forget(20)
                $0.entries[20].outcome = .found
            },
            Forgery("only half an answer was given", caughtBy: "nothing lost") {
                $0.forget(20)
                $0.receive(20, at: 20.1, .half)
            },
            Forgery("more is said to be heard late than a freeze held", caughtBy: "nothing lost") { ledger in
                for number in 11..<50 {
                    ledger.forget(number)
                    ledger.receive(number, at: 50, .late, after: 1.3, run: 0)
                }
                ledger.strike(.freeze, at: 50.5, until: 54)
            },
            Forgery(
                "what was trimmed while pending is gone without a word",
                caughtBy: "what was trimmed while pending is told"
            ) {
                $0.forget(20)
                $0.strike(.trim, at: 20) { $0.trimmedPending = [ForgedLedger.id(20)] }
            },
            Forgery("a body that is another's", caughtBy: "nothing unexpected") { $0.receipts[20].digest ^= 1 },
            Forgery("no valid signature", caughtBy: "nothing unexpected") { $0.receipts[20].isSigned = false },
            Forgery("a signature of long ago", caughtBy: "nothing unexpected") { $0.receipts[50].timestamp -= 40 },
            Forgery("the id of another entry", caughtBy: "nothing unexpected") {
                $0.receipts[20].id = ForgedLedger.id(21)
            },
            Forgery("an entry that nobody added", caughtBy: "nothing unexpected") { $0.entries[20].outcome = .failed },
        ]
    }

    private static let duplicates = "duplicates bounded by what faults exposed"

    static var repeats: [Forgery] {
        [
            Forgery("twice without a fault", caughtBy: duplicates) { $0.receive(20, at: 20.5, attempt: 2) },
            Forgery("twice from the same process after a cut", caughtBy: duplicates) {
                $0.receive(20, at: 24, attempt: 2)
                $0.strike(.cut, at: 20, until: 21, run: 2)
            },
            Forgery("twice after a cut, from another process before a silence of claim_after", caughtBy: duplicates) {
                $0.receive(20, at: 21, attempt: 2, run: 0)
                $0.strike(.cut, at: 20, until: 21, run: 2)
            },
            Forgery("more duplicates of one kill than were under way", caughtBy: duplicates) { ledger in
                for number in 20..<45 {
                    ledger.forget(number)
                    ledger.receive(number, at: 50 + Double(number) / 1000, run: 0)
                    ledger.receive(number, at: 51, attempt: 2, run: 3)
                }
                ledger.kill(0, at: 50.1)
            },
            Forgery("read anew by who had sent it himself", caughtBy: duplicates) {
                $0.receive(21, at: 22, attempt: 1)
                $0.strike(.destroyGroup, at: 21.5, until: 24) {
                    $0.reread = .init(range: ForgedLedger.id(15)...ForgedLedger.id(21), maker: 0)
                }
            },
            Forgery("read anew long after the group was made again", caughtBy: duplicates) {
                $0.receive(20, at: 58, attempt: 1)
                $0.strike(.destroyGroup, at: 21, until: 24) {
                    $0.reread = .init(range: ForgedLedger.id(15)...ForgedLedger.id(21), maker: 0)
                }
            },
            Forgery("delivered, and dead all the same", caughtBy: "nothing both delivered and dead") {
                $0.bury(20, "rejected: http_422", status: 422, attempts: 1)
            },
            Forgery("the next attempt before the answer to the one before it", caughtBy: "one attempt at a time") {
                $0.forget(20)
                $0.receive(20, at: 20, .status500, after: 0.5)
                $0.receive(20, at: 20.2, attempt: 2)
            },
            Forgery("another process goes on with what a living one has", caughtBy: "nothing is taken from the living")
            {
                $0.forget(20)
                $0.receive(20, at: 20, .status500)
                $0.receive(20, at: 21, attempt: 2, run: 0)
            },
            Forgery("taken from a living process just after a cut", caughtBy: "nothing is taken from the living") {
                $0.forget(20)
                $0.receive(20, at: 20, .status500)
                $0.receive(20, at: 21.5, attempt: 2, run: 0)
                $0.strike(.cut, at: 20, until: 21, run: 2)
            },
        ]
    }
}
