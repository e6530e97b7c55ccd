import TestSupport

/// What one run does. Everything random in it comes from `seed`.
struct Settings: Sendable {
    var seed: UInt64
    var server = ServerChoice.redis
    /// Path of the bridge.
    var binary: String
    /// The variant that the bridge is told to be; it must be built for it.
    var sabotage: String?
    /// Entries in all, those of the calm beginning included.
    var entries: Int
    /// Entries before the first fault: without faults there are no duplicates, and memory finds its base line.
    var calmEntries: Int
    /// Entries added per second, by all producers.
    var rate: Double
    /// Entries with the field `abort`, which a bridge that is built for it does not survive.
    var marked: Set<Int> = []
    var kinds = Fault.Kind.allCases
    /// So many seconds all may take to come to rest at the end.
    var drainSeconds = 120.0
    /// Directory for the logs of a run that fails.
    var logs = ".build/chaos"

    static let bridges = 3
    static let producers = 2
    static let stream = "chaos"
    static let group = "chaos"
    static let deadLetters = "{chaos}:dead"
    static let secret = "whsec_" + "Y2hhb3MgY2hhb3MgY2hhb3MgY2hhb3MgY2hhb3M="

    // The bridge's configuration, in seconds.
    static let claimAfter = 3.0
    static let timeout = 1.0
    static let drainTimeout = 5.0
    static let concurrency = 16
    /// What an instance holds at most, and so what it can send twice (docs/delivery.md).
    static let window = 4 * concurrency
    static let attempts = 8
    static let backoff = (initial: 0.2, factor: 2.0, maximum: 2.0, jitter: 0.2)
    /// What a receiver asks for with 429, in seconds.
    static let retryAfter = 1
}
