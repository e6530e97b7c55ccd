import Curl
import Testing
import Webhooks

@testable import Footbridge

struct RouteGateTests {
    private let start = MonotonicTime(nanoseconds: 0)
    private let unauthorized = Outcome.routeRefused(.status(401))
    private let missing = Outcome.routeRefused(.status(404))

    private func at(_ seconds: Int) -> MonotonicTime { start + .seconds(seconds) }

    private func held(until seconds: Int, wait: Int, _ reason: Outcome) -> RouteGate.State {
        .held(until: at(seconds), wait: .seconds(wait), reason: reason)
    }

    @Test(arguments: [
        Outcome.delivered(status: 200), .messageRefused(status: 422), .outage(.timedOut), .outage(.status(503)),
    ])
    func `an open gate stays open, whatever becomes of single entries`(outcome: Outcome) {
        var gate = RouteGate()
        #expect(gate.note(outcome, now: start) == nil)
        #expect(gate.state == .open && gate.probeTime == nil)
        #expect(gate.allowance(inFlight: 1_000_000, now: start) == .max)
    }

    @Test func `a fault of the route holds it, and one at a time tests it`() {
        var gate = RouteGate()
        #expect(gate.note(unauthorized, now: start) == held(until: 5, wait: 5, unauthorized))
        #expect(gate.probeTime == at(5))
        #expect(gate.allowance(inFlight: 0, now: at(4)) == 0)
        #expect(gate.allowance(inFlight: 0, now: at(5)) == 1)
        #expect(gate.allowance(inFlight: 1, now: at(99)) == 0)
    }

    @Test func `what was in flight when the route was held changes nothing`() {
        var gate = RouteGate()
        _ = gate.note(unauthorized, now: start)
        for outcome in [unauthorized, missing, .delivered(status: 200), .messageRefused(status: 422), .outage(.timedOut)] {
            #expect(gate.note(outcome, now: at(4)) == nil)
        }
        #expect(gate.state == held(until: 5, wait: 5, unauthorized))
    }

    @Test func `a probe that fails doubles the wait up to five minutes, and says nothing new`() {
        var gate = RouteGate()
        _ = gate.note(unauthorized, now: start)
        var now = 0
        var waits: [Int] = []
        for wait in [5, 10, 20, 40, 80, 160, 300, 300] {
            now += wait
            #expect(gate.note(unauthorized, now: at(now)) == nil)
            if case .held(let until, let wait, _) = gate.state {
                waits.append(Int(wait.components.seconds))
                #expect(until == at(now) + wait)
            }
        }
        #expect(waits == [10, 20, 40, 80, 160, 300, 300, 300])
    }

    @Test func `another fault is told`() {
        var gate = RouteGate()
        _ = gate.note(unauthorized, now: start)
        #expect(gate.note(missing, now: at(5)) == held(until: 15, wait: 10, missing))
    }

    @Test(arguments: [Outcome.delivered(status: 200), .messageRefused(status: 422)])
    func `a probe that reaches the endpoint opens the gate`(outcome: Outcome) {
        var gate = RouteGate()
        _ = gate.note(unauthorized, now: start)
        #expect(gate.note(outcome, now: at(5)) == .open)
        #expect(gate.allowance(inFlight: 9, now: at(5)) == .max && gate.probeTime == nil)
        #expect(gate.note(unauthorized, now: at(6)) == held(until: 11, wait: 5, unauthorized))
    }

    @Test func `410 pauses for good, from either state`() {
        for isHeld in [false, true] {
            var gate = RouteGate()
            if isHeld { _ = gate.note(unauthorized, now: start) }
            #expect(gate.note(.routeRefused(.status(410)), now: at(1)) == .paused)
            for outcome in [Outcome.routeRefused(.status(410)), unauthorized, .delivered(status: 200), .outage(.timedOut)] {
                #expect(gate.note(outcome, now: at(1_000_000)) == nil)
            }
            #expect(gate.state == .paused && gate.probeTime == nil)
            #expect(gate.allowance(inFlight: 0, now: at(1_000_000)) == 0)
        }
    }
}
