/// Whose entries are taken over.
package protocol TakeoverPolicy: Sendable {
    /// - Parameters:
    ///   - silence: after which a consumer counts as dead.
    ///   - isAcquainted: others had the time to show that they live.
    func isDead(_ consumer: ConsumerInfo, after silence: Duration, isAcquainted: Bool) -> Bool
    /// How long a consumer must have been silent when its entries are moved.
    func silence(_ silence: Duration) -> Duration
}

package struct TakesOverTheSilent: TakeoverPolicy {
    package init() {}

    package func isDead(_ consumer: ConsumerInfo, after silence: Duration, isAcquainted: Bool) -> Bool {
        consumer.idle >= silence && isAcquainted
    }

    package func silence(_ silence: Duration) -> Duration { silence }
}
