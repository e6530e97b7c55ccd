internal import FootbridgeCurl

/// How a backlog of retries goes while fresh entries come in: in small steps, so that a fresh entry does not wait for
/// batches, and cores stay free for it.
///
/// At 1,000 fresh entries a second beside a million retries their p99 is about twice as high as usual; without it, 30 times
/// (part three of `Benchmarks/`).
enum BacklogPace {
    /// So many are fetched, or taken over, in one step …
    static let portion = 16
    /// … so far apart.
    static let interval = Duration.milliseconds(2)
    /// So long after the last fresh entry.
    static let patience = Duration.seconds(1)
}
