import Testing

@testable import FootbridgeRedis

struct ReconnectDelayTests {
    private func delays(random: Double) -> [Duration] {
        var delay = ReconnectDelay()
        return (0..<10).map { _ in delay.next(random: random) }
    }

    @Test(arguments: [
        (0.0, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]),
        (1.0, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]),
        (0.5, [75, 150, 300, 600, 1200, 2400, 4800, 7500, 7500, 7500]),
    ])
    func `the wait doubles from 100 ms to 10 s, of which half is drawn`(random: Double, milliseconds: [Int]) {
        #expect(delays(random: random) == milliseconds.map { .milliseconds($0) })
    }

    @Test func `a draw outside the range does not leave it`() {
        #expect(delays(random: -7) == delays(random: 0))
        #expect(delays(random: .infinity) == delays(random: 1))
    }

    @Test func `a healthy connection begins anew`() {
        var delay = ReconnectDelay()
        for _ in 0..<100 { _ = delay.next(random: 1) }
        #expect(delay.next(random: 1) == .seconds(10))
        delay.reset()
        #expect(delay.next(random: 1) == .milliseconds(100))
    }
}
