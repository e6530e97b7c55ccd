import Testing

@testable import Footbridge

@Suite struct StreamAccountTests {
    @Test(
        arguments: [
            (
                StreamAccount(added: 10, read: 7, unread: 3, pending: 2, pendingGone: 0), StreamAccount.Verdict.closes,
                5, 0
            ),
            (StreamAccount(added: 10, read: 7, unread: 1, pending: 2, pendingGone: 0), .doesNotClose, 5, 2),
            (StreamAccount(added: 10, read: 7, unread: 3, pending: 2, pendingGone: 1), .doesNotClose, 5, 0),
            (StreamAccount(added: 10, read: nil, unread: 3, pending: 2, pendingGone: 0), .unknown, nil, nil),
            (StreamAccount(added: 10, read: nil, unread: 3, pending: 2, pendingGone: 1), .doesNotClose, nil, nil),
            (StreamAccount(added: 10, read: 11, unread: 0, pending: 2, pendingGone: 0), .doesNotClose, 9, 0),
            (StreamAccount(added: 0, read: 0, unread: 0, pending: 0, pendingGone: 0), .closes, 0, 0),
        ] as [(StreamAccount, StreamAccount.Verdict, Int?, Int?)])
    func `the books close if nothing is gone`(
        account: StreamAccount, verdict: StreamAccount.Verdict, settled: Int?, gone: Int?
    ) {
        #expect(account.verdict == verdict)
        #expect(account.settled == settled)
        #expect(account.unreadGone == gone)
    }
}
