/// What happened on one route of one worker since it started. Belongs to the worker's loop.
final class RouteCounters {
    var read = 0
    var delivered = 0
    /// Entries that the filter did not pass: settled unsent.
    var filtered = 0
    /// Attempts that failed and will be made again.
    var retried = 0
    var dead = 0
    var resumed = 0
    var takenOver = 0
    /// Pending entries that were no longer in their stream.
    var trimmed = 0
    /// Entries that were trimmed or deleted before anybody had read them, as far as this instance noticed.
    var unreadLost = 0
    /// Settled entries that `trim` removed from the streams.
    var removed = 0
    /// Entries that turned out to be another instance's, or settled by it.
    var lostOwnership = 0
    /// Acknowledgements that found nothing to acknowledge.
    var acknowledgedTwice = 0
    /// Requests that were made once more at once, over a connection of their own.
    var repeatedAtOnce = 0
    /// Groups that were made again too far ahead, and could not be put back.
    var groupGaps = 0
    /// Entries whose ids are no times.
    var timeless = 0
    /// Subscribers that published entries went to, summed.
    var receivers = 0
    /// Entries that were published while nobody listened.
    var unheard = 0
    /// Entries that another server remembered to have been appended before.
    var appendRepeats = 0
    /// Requests that carried several entries, or could have.
    var batches = 0
    /// Those of them that were refused and taken apart.
    var splitBatches = 0
    /// Attempts after which an entry would have been given up, and keeps its place (`on_dead: hold`).
    var held = 0
    /// Requests, or commands, that were accepted; those of a batch count once.
    var accepted = 0
    /// Those that were not, by `Outcome.reason`.
    var failures: [String: Int] = [:]
    /// From the start of an attempt to its end, delivered entries only.
    var latency = LatencyHistogram()
    /// From when an entry was added, by its id, to its delivery.
    var endToEnd = LatencyHistogram()

    var figures: RouteFigures {
        var figures = RouteFigures()
        (figures.read, figures.delivered, figures.retried, figures.dead) = (read, delivered, retried, dead)
        (figures.resumed, figures.takenOver, figures.trimmed) = (resumed, takenOver, trimmed)
        (figures.unreadLost, figures.filtered, figures.removed) = (unreadLost, filtered, removed)
        (figures.lostOwnership, figures.acknowledgedTwice) = (lostOwnership, acknowledgedTwice)
        (figures.repeatedAtOnce, figures.groupGaps, figures.timeless) = (repeatedAtOnce, groupGaps, timeless)
        (figures.receivers, figures.unheard, figures.appendRepeats) = (receivers, unheard, appendRepeats)
        (figures.batches, figures.splitBatches, figures.held) = (batches, splitBatches, held)
        (figures.accepted, figures.failures) = (accepted, failures)
        (figures.latency, figures.endToEnd) = (latency, endToEnd)
        return figures
    }
}

/// The figures of a route, of one worker or of several together: since the start, or over some time.
///
/// Each means what `RouteCounters` says of it.
public struct RouteFigures: Sendable, Equatable {
    public var read = 0
    public var delivered = 0
    public var filtered = 0
    public var retried = 0
    public var dead = 0
    public var resumed = 0
    public var takenOver = 0
    public var trimmed = 0
    public var unreadLost = 0
    public var removed = 0
    public var lostOwnership = 0
    public var acknowledgedTwice = 0
    public var repeatedAtOnce = 0
    public var groupGaps = 0
    public var timeless = 0
    public var receivers = 0
    public var unheard = 0
    public var appendRepeats = 0
    public var batches = 0
    public var splitBatches = 0
    public var held = 0
    public var accepted = 0
    public var failures: [String: Int] = [:]
    public var latency = LatencyHistogram()
    public var endToEnd = LatencyHistogram()

    public init() {}

    /// Attempts that were not accepted.
    public var failed: Int { failures.values.reduce(0, +) }

    /// Adds those of another worker.
    public mutating func add(_ other: RouteFigures) {
        let (unreadLost, groupGaps) = (max(unreadLost, other.unreadLost), max(groupGaps, other.groupGaps))
        combine(other, +)
        // Each worker looks at the same group and sees the same loss.
        (self.unreadLost, self.groupGaps) = (unreadLost, groupGaps)
        latency.merge(other.latency)
        endToEnd.merge(other.endToEnd)
    }

    /// What happened since they were `earlier`.
    func since(_ earlier: RouteFigures) -> RouteFigures {
        var difference = self
        difference.combine(earlier, -)
        difference.latency = latency.since(earlier.latency)
        difference.endToEnd = endToEnd.since(earlier.endToEnd)
        return difference
    }

    private mutating func combine(_ other: RouteFigures, _ operation: (Int, Int) -> Int) {
        read = operation(read, other.read)
        delivered = operation(delivered, other.delivered)
        filtered = operation(filtered, other.filtered)
        retried = operation(retried, other.retried)
        dead = operation(dead, other.dead)
        resumed = operation(resumed, other.resumed)
        takenOver = operation(takenOver, other.takenOver)
        trimmed = operation(trimmed, other.trimmed)
        unreadLost = operation(unreadLost, other.unreadLost)
        removed = operation(removed, other.removed)
        lostOwnership = operation(lostOwnership, other.lostOwnership)
        acknowledgedTwice = operation(acknowledgedTwice, other.acknowledgedTwice)
        repeatedAtOnce = operation(repeatedAtOnce, other.repeatedAtOnce)
        groupGaps = operation(groupGaps, other.groupGaps)
        timeless = operation(timeless, other.timeless)
        receivers = operation(receivers, other.receivers)
        unheard = operation(unheard, other.unheard)
        appendRepeats = operation(appendRepeats, other.appendRepeats)
        batches = operation(batches, other.batches)
        splitBatches = operation(splitBatches, other.splitBatches)
        held = operation(held, other.held)
        accepted = operation(accepted, other.accepted)
        for reason in Set(failures.keys).union(other.failures.keys) {
            failures[reason] = operation(failures[reason, default: 0], other.failures[reason, default: 0])
        }
    }
}
