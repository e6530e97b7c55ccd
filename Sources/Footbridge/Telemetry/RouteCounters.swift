/// What happened on one route of one worker since it started, or since it was asked last. Belongs to the worker's loop.
final class RouteCounters {
    var read = 0
    var delivered = 0
    /// Attempts that failed and will be made again.
    var retried = 0
    var dead = 0
    var resumed = 0
    var takenOver = 0
    /// Pending entries that were no longer in their stream.
    var trimmed = 0
    /// Entries that were trimmed or deleted before anybody had read them, as far as this instance noticed.
    var unreadLost = 0
    /// Entries that turned out to be another instance's, or settled by it.
    var lostOwnership = 0
    /// Acknowledgements that found nothing to acknowledge.
    var acknowledgedTwice = 0
    /// From the start of an attempt to its end, delivered entries only.
    var latency = LatencyHistogram()

    /// Takes the figures and begins anew.
    func take() -> RouteFigures {
        defer {
            (read, delivered, retried, dead, resumed, takenOver) = (0, 0, 0, 0, 0, 0)
            (trimmed, unreadLost, lostOwnership, acknowledgedTwice) = (0, 0, 0, 0)
            latency.reset()
        }
        return RouteFigures(
            read: read, delivered: delivered, retried: retried, dead: dead, resumed: resumed, takenOver: takenOver,
            latency: latency)
    }
}

/// The figures of a route over some time, of one worker or of several together.
public struct RouteFigures: Sendable {
    public var read = 0
    public var delivered = 0
    public var retried = 0
    public var dead = 0
    public var resumed = 0
    public var takenOver = 0
    public var latency = LatencyHistogram()

    mutating func add(_ other: RouteFigures) {
        read += other.read
        delivered += other.delivered
        retried += other.retried
        dead += other.dead
        resumed += other.resumed
        takenOver += other.takenOver
        latency.merge(other.latency)
    }
}
