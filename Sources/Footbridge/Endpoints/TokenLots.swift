internal import FootbridgeCurl

/// What this process has of a bucket that all instances share: tokens that it took in advance, some 100 ms' worth at a time.
///
/// The bucket is in Redis (`TokenScript`). It also gives tokens that are due within the next 100 ms, each at its time, so
/// that one call in 50 ms is enough for any rate. A token that nobody uses within 100 ms is lost: used later, it would come on
/// top of those that the bucket has saved up meanwhile.
struct TokenLots {
    /// What to ask the bucket for.
    struct Call: Equatable {
        /// Requests that started without a token: they are taken in any case.
        let owed: Int
        let wanted: Int
    }

    /// What the bucket gave.
    struct Grant: Equatable {
        let count: Int
        /// When the first of them is due, or would be if one had been given. Negative if it was saved up.
        let delay: Duration
    }

    private struct Lot {
        var next: MonotonicTime
        var left: Int
        /// From one token to the next; zero: all at once.
        let step: Duration

        func due(_ now: MonotonicTime) -> Int {
            guard next <= now else { return 0 }
            return step == .zero ? left : min(left, Int((now - next) / step) + 1)
        }

        mutating func take(_ count: Int) {
            left -= count
            next = next + step * count
        }

        /// Those that nobody has used in time.
        mutating func drop(_ now: MonotonicTime) {
            guard now - next > TokenLots.horizon else { return }
            take(step == .zero ? left : min(left, Int((now - next - TokenLots.horizon) / step) + 1))
        }
    }

    /// At most one call in this time.
    static let callInterval = Duration.milliseconds(50)
    /// So far ahead tokens are taken, and so long they last.
    static let horizon = Duration.milliseconds(100)

    private let interval: Duration
    private let lot: Int
    private var lots: [Lot] = []
    private var owed = 0
    private var call: Call?
    private var nextCall = MonotonicTime(nanoseconds: 0)

    init(_ limit: RateLimit) {
        interval = .seconds(1 / limit.perSecond)
        lot = max(1, limit.burst, Int(limit.perSecond * Self.horizon.seconds))
    }

    /// How many requests may start now.
    func allowance(now: MonotonicTime) -> Int {
        lots.reduce(0) { sum, lot in
            var lot = lot
            lot.drop(now)
            return sum + lot.due(now)
        }
    }

    /// When the next one may, or the bucket may be asked, if none may now.
    func nextChange(now: MonotonicTime) -> MonotonicTime? {
        guard allowance(now: now) == 0 else { return nil }
        let ask = call == nil ? nextCall : max(nextCall, now + Self.callInterval)
        return (lots.map(\.next) + [ask]).filter { $0 > now }.min()
    }

    /// One starts. Without a token of this moment it uses the next one, or is owed.
    mutating func take(now: MonotonicTime) {
        drop(now)
        guard let index = lots.indices.min(by: { lots[$0].next < lots[$1].next }) else { return owed += 1 }
        lots[index].take(1)
        if lots[index].left == 0 { lots.remove(at: index) }
    }

    /// - Parameter demand: requests that could start.
    /// - Returns: what to ask for, if it is time to; then `didGet` or `didFail` ends the call.
    mutating func ask(for demand: Int, now: MonotonicTime) -> Call? {
        guard call == nil, now >= nextCall else { return nil }
        drop(now)
        let wanted = max(0, min(demand, lot) - lots.reduce(0) { $0 + $1.left })
        guard wanted + owed > 0 else { return nil }
        call = Call(owed: owed, wanted: wanted)
        nextCall = now + Self.callInterval
        return call
    }

    mutating func didGet(_ grant: Grant, now: MonotonicTime) {
        guard let call else { return }
        self.call = nil
        owed -= call.owed
        let count = max(0, min(grant.count, call.wanted))
        // The reply took its time: nothing is used earlier than the bucket meant.
        // Whatever Redis answers: compared before it becomes an integer.
        let early = min((.zero - grant.delay) / interval, Double(count))
        let saved = grant.delay > .zero ? 0 : min(count, Int(early) + 1)
        if saved > 0 { lots.append(Lot(next: now, left: saved, step: .zero)) }
        if count > saved {
            lots.append(Lot(next: now + (grant.delay + interval * saved), left: count - saved, step: interval))
        }
        if count < call.wanted {
            let due: Duration = grant.delay + interval * count
            nextCall = max(nextCall, now + (due - Self.horizon))
        }
    }

    /// - Parameter wait: until it is worth asking again.
    mutating func didFail(now: MonotonicTime, for wait: Duration) {
        // Whether the script ran is not known: what is owed is asked for again, which errs on the side of fewer.
        call = nil
        nextCall = max(nextCall, now + wait)
    }

    private mutating func drop(_ now: MonotonicTime) {
        for index in lots.indices { lots[index].drop(now) }
        lots.removeAll { $0.left == 0 }
    }
}
