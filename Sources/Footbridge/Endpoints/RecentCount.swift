internal import FootbridgeCurl

/// What happened in the last eight seconds, counted in quarters of a second.
struct RecentCount {
    private var counts = [Int](repeating: 0, count: 32)
    private var latest: Int64 = .min
    private var first: Int64 = .min

    private static let step = Duration.milliseconds(250)

    mutating func add(at now: MonotonicTime) {
        let place = now.nanoseconds / Self.step.wholeNanoseconds
        if place > latest {
            if first == .min { first = place }
            for missed in max(latest + 1, place - 31)...place where latest != .min { counts[Int(missed & 31)] = 0 }
            latest = place
        }
        counts[Int(place & 31)] += 1
    }

    /// Of so much time and the quarter that has begun, or of what has passed since the first; a second at least.
    func perSecond(over duration: Duration, now: MonotonicTime) -> Double {
        let place = now.nanoseconds / Self.step.wholeNanoseconds
        guard latest != .min else { return 0 }
        let wanted = max(1, min(31, duration.wholeNanoseconds / Self.step.wholeNanoseconds))
        let start = max(place - wanted, first)
        var sum = 0
        if start <= latest { for index in max(start, latest - 31)...latest { sum += counts[Int(index & 31)] } }
        let passed = Duration.nanoseconds(now.nanoseconds - start * Self.step.wholeNanoseconds)
        return Double(sum) / max(1, passed.seconds)
    }
}

extension Duration {
    /// As a number, for rates.
    var seconds: Double { Double(wholeNanoseconds) / 1e9 }
}
