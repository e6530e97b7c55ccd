internal import Curl
internal import Webhooks

/// Whether a route may send.
///
/// A route whose configuration is at fault (401, 404, a bad certificate …) is held: its entries stay, and one of them at a
/// time tests whether the fault is mended, after 5 s, 10 s … up to 5 min. After 410 it is paused until the bridge restarts.
struct RouteGate {
    enum State: Equatable {
        case open
        case held(until: MonotonicTime, wait: Duration, reason: Outcome)
        case paused
    }

    static let firstWait = Duration.seconds(5)
    static let longestWait = Duration.seconds(300)

    private(set) var state = State.open

    /// How many requests may start now, besides those in flight.
    func allowance(inFlight: Int, now: MonotonicTime) -> Int {
        switch state {
        case .open: .max
        case .paused: 0
        case .held(let until, _, _): now >= until && inFlight == 0 ? 1 : 0
        }
    }

    /// Notes the outcome of an attempt; returns the new state if it has changed in a way that people want to know.
    mutating func note(_ outcome: Outcome, now: MonotonicTime) -> State? {
        switch (outcome, state) {
        case (_, .paused): return nil
        case (.routeRefused(.status(410)), _):
            state = .paused
            return state
        case (.routeRefused, .open):
            state = .held(until: now + Self.firstWait, wait: Self.firstWait, reason: outcome)
            return state
        case (.routeRefused, .held(let until, let wait, let reason)):
            // Those that were in flight when the route was held say nothing new; the probe does.
            guard now >= until else { return nil }
            let next = min(wait * 2, Self.longestWait)
            state = .held(until: now + next, wait: next, reason: outcome)
            return reason == outcome ? nil : state
        case (_, .held(let until, _, _)):
            guard now >= until else { return nil }
            state = .open
            return state
        case (_, .open): return nil
        }
    }

    /// When the next probe may go.
    var probeTime: MonotonicTime? {
        if case .held(let until, _, _) = state { return until }
        return nil
    }
}
