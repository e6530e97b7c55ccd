/// What does not keep the order. Of the sixty entries those six apart have one key.
extension Forgery {
    static var orders: [Forgery] {
        [
            inOrder("the next of a key comes while the one before it waits", .key, caughtBy: History.order) {
                $0.forget(20)
                $0.receive(20, at: 25.8, .status503)
                $0.receive(20, at: 26.2, attempt: 2)
            },
            inOrder("two of a key are accepted in the wrong order", .key, caughtBy: History.order) {
                $0.forget(20)
                $0.receive(20, at: 27, run: 2)
            },
            inOrder(
                "another instance goes on with the next of a key before the one of the dead", .key,
                caughtBy: History.order
            ) {
                $0.forget(20)
                $0.receive(20, at: 20, .hang)
                $0.receive(20, at: 30, attempt: 2, run: 0)
                $0.kill(2, at: 20.1)
            },
            inOrder("one that was frozen sends what nobody has sent before it", .key, caughtBy: History.order) {
                $0.forget(20)
                $0.receive(20, at: 30, run: 2)
                $0.receipts[$0.receipts.count - 1].timestamp = 20
                $0.strike(.freeze, at: 20.5, until: 29, run: 2)
            },
            inOrder(
                "the next of a key goes before the one that is given up has been tried to the end", .key,
                caughtBy: History.order
            ) {
                $0.fail(20, .status503)
                $0.bury(20, "exhausted: http_503", status: 503, attempts: 8)
            },
            inOrder("what stands far behind is sent before one that waits", .strict, caughtBy: History.order) {
                $0.forget(20)
                $0.receive(20, at: 20, .status500)
                $0.receive(20, at: 23.5, attempt: 2)
            },
            inOrder("two of a key are under way", .key, caughtBy: History.single) {
                $0.forget(20)
                $0.receive(20, at: 25.5, .slow, after: 0.6)
            },
            inOrder("two of a stream are under way", .strict, caughtBy: History.single) {
                $0.forget(20)
                $0.receive(20, at: 20.8, .status500, after: 0.5)
                $0.receive(20, at: 21.5, attempt: 2)
            },
        ]
    }

    private static func inOrder(
        _ what: String, _ ordering: Ordering, caughtBy: String,
        _ forge: @escaping @Sendable (inout ForgedLedger) -> Void
    ) -> Forgery {
        Forgery(what, caughtBy: caughtBy) {
            $0.settings.ordering = ordering
            forge(&$0)
        }
    }

    /// Ledgers that look out of order and are not.
    static var soundOrders: [(what: String, forge: @Sendable (inout ForgedLedger) -> Void)] {
        [
            (
                "one that was frozen sends again what others have delivered, and what stands behind it",
                {
                    $0.receive(20, at: 30, run: 2)
                    $0.receipts[$0.receipts.count - 1].timestamp = 20
                    $0.strike(.freeze, at: 20.001, until: 29, run: 2)
                }
            )
        ]
    }
}
