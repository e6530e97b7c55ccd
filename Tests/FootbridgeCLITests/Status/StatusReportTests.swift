import Testing

@testable import footbridge

@Suite struct StatusReportTests {
    private func report(_ streams: [StatusReport.Stream]) -> StatusReport {
        StatusReport(routes: [
            StatusReport.Route(route: "shop", group: "shop", claimAfterSeconds: 60, streams: streams)
        ])
    }

    private var busy: StatusReport.Stream {
        var stream = StatusReport.Stream(stream: "orders")
        (stream.length, stream.unread, stream.pending, stream.handedOver) = (1200, 17, 9, 2)
        stream.oldestPendingSeconds = 312.5
        (stream.deadLetterStream, stream.deadLetters) = ("{orders}:dead", 1)
        stream.consumers = [
            StatusReport.Consumer(name: "web-1.1", pending: 3, idleSeconds: 0.25, alive: true),
            StatusReport.Consumer(name: "web-2.1", pending: 4, idleSeconds: 93_784, alive: false),
        ]
        return stream
    }

    @Test func `streams and consumers stand in columns`() {
        var unknown = StatusReport.Stream(stream: "re\u{1B}[31mfunds")
        (unknown.length, unknown.pending) = (3, 1)
        let new = StatusReport.Stream(stream: "new")
        #expect(
            report([busy, unknown, new]).text == #"""
                ROUTE  STREAM           LENGTH    UNREAD  PENDING  OLDEST  DEAD LETTERS
                shop   orders             1200        17        9   5m12s             1
                shop   re\x1b[31mfunds       3         ?        1       ?           off
                shop   new                   ?  no group        -       -           off

                ROUTE  STREAM  CONSUMER  STATE        PENDING  IDLE
                shop   orders  web-1.1   alive              3  0.2s
                shop   orders  web-2.1   dead               4  1d2h
                shop   orders  none      handed over        2     -
                """#)
    }

    @Test func `as JSON it has all that is known and nothing else`() throws {
        let known = """
            {"claim_after_seconds":60,"group":"shop","route":"shop","streams":[{"consumers":[{"alive":true,\
            "idle_seconds":0.25,"name":"web-1.1","pending":3},{"alive":false,"idle_seconds":93784,\
            "name":"web-2.1","pending":4}],"dead_letter_stream":"{orders}:dead","dead_letters":1,"handed_over":2,\
            "length":1200,"oldest_pending_seconds":312.5,"pending":9,"stream":"orders","unread":17},\
            {"consumers":[],"stream":"new"}]}
            """
        #expect(try report([busy, StatusReport.Stream(stream: "new")]).json() == #"{"routes":["# + known + "]}")
    }

    @Test(arguments: [
        (0, "0s"), (0.04, "0s"), (0.25, "0.2s"), (0.99, "0.9s"), (1, "1s"), (59.9, "59s"), (60, "1m"), (312, "5m12s"),
        (3600, "1h"), (3660, "1h1m"), (86_400, "1d"), (93_784, "1d2h"), (1e300, "11574074d1h"),
    ])
    func times(seconds: Double, text: String) {
        #expect(StatusReport.time(seconds) == text)
    }
}
