/// Takes so many requests a second, and answers 429 otherwise: a token bucket (with its burst), a fixed window of a second,
/// or a sliding one.
struct LimitedReceiver {
    enum Limit: CaseIterable { case bucketOf1, bucketOf5, bucketOf20, window, sliding }

    let perSecond: Double
    let limit: Limit
    var endsAt = Double.infinity
    /// Between its seconds and ours.
    var windowOffset = 0.0
    private var tokens: Double
    private var last = 0.0
    private var accepted: [Double] = []

    init(perSecond: Double, limit: Limit) {
        (self.perSecond, self.limit) = (perSecond, limit)
        tokens = [.bucketOf5: 5, .bucketOf20: 20][limit] ?? 1
    }

    private var capacity: Double { [.bucketOf5: 5, .bucketOf20: 20][limit] ?? 1 }

    mutating func takes(at time: Double) -> Bool {
        if time >= endsAt { return true }
        switch limit {
        case .bucketOf1, .bucketOf5, .bucketOf20:
            tokens = min(capacity, tokens + (time - last) * perSecond)
            last = time
            guard tokens >= 1 - 1e-9 else { return false }
            tokens -= 1
            return true
        case .window, .sliding:
            let start = limit == .window ? (time + windowOffset).rounded(.down) - windowOffset : time - 1
            if let last = accepted.dropLast(Int(perSecond) - 1).last, last >= start { return false }
            accepted.append(time)
            return true
        }
    }
}
