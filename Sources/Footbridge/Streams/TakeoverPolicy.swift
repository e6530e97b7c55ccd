internal import RedisStreams

/// Whose entries are taken over.
protocol TakeoverPolicy: Sendable {
    /// - Parameters:
    ///   - silence: after which a consumer counts as dead.
    ///   - isAcquainted: others had the time to show that they live.
    func isDead(_ consumer: ConsumerInfo, after silence: Duration, isAcquainted: Bool) -> Bool
    /// How long a consumer must have been silent when its entries are moved.
    func silence(_ silence: Duration) -> Duration
}

struct TakesOverTheSilent: TakeoverPolicy {
    func isDead(_ consumer: ConsumerInfo, after silence: Duration, isAcquainted: Bool) -> Bool {
        consumer.idle >= silence && isAcquainted
    }

    func silence(_ silence: Duration) -> Duration { silence }
}
