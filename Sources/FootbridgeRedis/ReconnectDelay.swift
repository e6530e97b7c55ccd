internal import FootbridgeCurl

/// The wait before the next attempt to connect: grows from 100 ms to the longest, half of it drawn at random, so that many
/// clients of a server that comes back do not all come at once.
struct ReconnectDelay {
    static let longest = Duration.seconds(10)

    private let longest: Duration
    private var attempt = 0

    init(longest: Duration = Self.longest) { self.longest = longest }

    mutating func next(random: Double) -> Duration {
        let ceiling = min(Double(longest.wholeMilliseconds), 100 * Double(1 << min(attempt, 10)))
        attempt += 1
        return .milliseconds(Int64(ceiling * (0.5 + 0.5 * min(max(random, 0), 1))))
    }

    /// To be called when a connection has proved healthy.
    mutating func reset() { attempt = 0 }
}
