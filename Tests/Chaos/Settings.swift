import TestSupport

/// What one run does. Everything random in it comes from `seed`.
struct Settings: Sendable {
    var seed: UInt64
    var server = ServerChoice.redis
    /// So many watch a master and its replica; with none there is one server.
    var sentinels = 0
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
    var kinds = Fault.Kind.all(underSentinels: false)
    /// What the bridges are told to keep in order.
    var ordering = Ordering.none
    /// Of all entries; a multiple of the producers, so that a key belongs to one of them.
    var keys = 1000
    /// Of all requests, so many are answered badly in usual times.
    var usualShare: Double { ordering == .none ? 0.03 : 0.01 }
    /// So many seconds all may take to come to rest at the end.
    var drainSeconds = 120.0
    /// Entries that are added only when the faults are over.
    var kept: Int { min(Int(drainSeconds) * 2, entries / 10) }
    /// Directory for the logs of a run that fails.
    var logs = ".build/chaos"

    /// Routes, which share the streams among them.
    var routes = 1
    /// Streams of all routes.
    var streams = 1
    /// Workers of each bridge.
    var workers = 1
    /// Redis and the receivers speak TLS.
    var tls = false
    /// Replicas that have to confirm an acknowledgement (`redis.wait_for_ack`); 0 asks none.
    var waitsForReplicas = 0

    static let bridges = 3
    static let producers = 2
    static let group = "chaos"
    static func stream(_ index: Int) -> String { index == 0 ? "chaos" : "chaos-\(index)" }
    /// The route that reads a stream is named after the first of its streams.
    static func deadLetters(_ index: Int, routes: Int) -> String {
        "{\(stream(index))}:dead:\(stream(index % routes))"
    }
    /// What is to be delivered once more.
    static func replays(_ index: Int, routes: Int) -> String {
        "{\(stream(index))}:replay:\(stream(index % routes))"
    }
    /// Where an entry belongs. Each producer serves all of them in turn.
    static func stream(ofEntry number: Int, of streams: Int) -> Int { number / producers % streams }
    static let secret = "whsec_" + "Y2hhb3MgY2hhb3MgY2hhb3MgY2hhb3MgY2hhb3M="

    // The bridge's configuration, in seconds.
    static let claimAfter = 3.0
    static let timeout = 1.0
    static let drainTimeout = 5.0
    static let concurrency = 16
    /// What an instance holds at most, and so what it can send twice (docs/delivery.md).
    static let window = 4 * concurrency
    /// How often a bridge shows life at least, in seconds.
    static let beat = claimAfter / 4
    static let attempts = 8
    static let backoff = (initial: 0.2, factor: 2.0, maximum: 2.0, jitter: 0.2)
    /// What a receiver asks for with 429, in seconds.
    static let retryAfter = 1
}
