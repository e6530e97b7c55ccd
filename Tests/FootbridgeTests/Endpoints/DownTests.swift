import FootbridgeCurl
import FootbridgeWebhooks
import Testing

@testable import Footbridge

struct DownTests {
    /// The longest waits of design.md §3, less a fifth at most.
    @Test(
        arguments: [
            (Outcome.outage(.status(500)), [1, 2, 4, 8, 16, 30, 30]),
            (.routeRefused(.status(404)), [1, 2, 4, 8, 16, 32, 60, 60]),
            (.messageRefused(status: 400), [1, 2, 4, 8, 16, 32, 60]),
            (.routeRefused(.status(410)), [1, 8, 64, 512, 3600, 3600]),
        ] as [(Outcome, [Double])])
    func `probes become rare`(outcome: Outcome, waits: [Double]) {
        var down = Down(outcome, now: at(0), wall: 0, salt: 7)
        var now = at(0)
        for wait in waits {
            let seconds = (down.nextProbe - now).seconds
            #expect(seconds <= wait && seconds >= 0.8 * wait)
            now = down.nextProbe
            down.probeFailed(outcome, pause: nil, now: now)
        }
    }

    @Test func `Retry-After sets the next probe`() {
        var down = Down(.outage(.status(503)), now: at(0), wall: 0, salt: 7)
        down.probeFailed(.throttled(status: 503, retryAfter: .delay(seconds: 90)), pause: .seconds(90), now: at(1))
        #expect(down.nextProbe == at(91))
    }

    @Test func `two endpoints do not probe in step`() {
        let times = (0..<50).map { Down(.outage(.refused), now: at(0), wall: 0, salt: $0).nextProbe }
        #expect(Set(times).count > 40)
    }
}
