/// The wait before redis-server is started again: 100 ms, doubled up to 10 s, and 100 ms again after 30 s of health.
struct RestartDelay {
    private var delay = Duration.milliseconds(100)

    /// - Parameter life: how long the server answered before it ended; zero if it did not start.
    mutating func next(afterLifeOf life: Duration) -> Duration {
        if life >= .seconds(30) { delay = .milliseconds(100) }
        defer { delay = min(delay * 2, .seconds(10)) }
        return delay
    }
}
