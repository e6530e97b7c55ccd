public import RedisStreams

/// One route: streams, the group that reads them, and where their entries go.
public struct RouteConfig: Sendable, Equatable {
    public var name: String
    /// At least one, none twice.
    public var streams: [String]
    public var group: String
    /// A jq program; entries that it does not pass are settled unsent. Without it: none.
    public var filter: String?
    /// The field whose JSON programs see as `data`.
    public var dataField: String?
    public var ordering: Ordering
    public var onDead: OnDead
    /// Used only when the group has to be made.
    public var start: GroupStart
    public var destination: Destination
    /// Requests, or commands, in flight, per worker.
    public var concurrency: Concurrency
    /// Requests that may start per time, in this instance; `nil`: any number.
    public var rate: RateLimit?
    public var retry: RetryPolicy
    /// Waiting entries, per worker; with more the route stops reading.
    public var maximumParked: Int
    public var deadLetter: DeadLetterTarget
    /// A consumer that was silent for this long is taken for dead. At least twice what an attempt may take.
    public var claimAfter: Duration
    /// Whose entries are taken over.
    public var takeOver: TakeOver
    /// How long a stopping bridge waits for the requests in flight.
    public var drainTimeout: Duration
    /// What is removed from its streams; `nil`: nothing.
    public var trim: TrimConfig?

    public init(
        name: String, streams: [String], group: String, start: GroupStart = .new, destination: Destination,
        concurrency: Concurrency = 64, rate: RateLimit? = nil, retry: RetryPolicy = RetryPolicy(),
        maximumParked: Int = 100_000, deadLetter: DeadLetterTarget = .perStream, claimAfter: Duration = .seconds(60),
        takeOver: TakeOver = .own, drainTimeout: Duration = .seconds(20), filter: String? = nil,
        dataField: String? = nil, ordering: Ordering = .none, onDead: OnDead = .continue, trim: TrimConfig? = nil
    ) {
        self.name = name
        self.streams = streams
        self.group = group
        self.start = start
        self.destination = destination
        self.concurrency = concurrency
        self.rate = rate
        self.retry = retry
        self.maximumParked = maximumParked
        self.deadLetter = deadLetter
        self.claimAfter = claimAfter
        self.takeOver = takeOver
        self.drainTimeout = drainTimeout
        self.filter = filter
        self.dataField = dataField
        self.ordering = ordering
        self.onDead = onDead
        self.trim = trim
    }

    /// Whether entries may have to wait for one another; then one instance at a time reads a stream.
    public var isOrdered: Bool { ordering != .none }

    /// `nil` if its entries go elsewhere.
    public var webhook: WebhookConfig? { if case .webhook(let webhook) = destination { webhook } else { nil } }
}

/// How many requests may be in flight.
public enum Concurrency: Sendable, Equatable, ExpressibleByIntegerLiteral {
    case fixed(Int)
    /// As many as the endpoint shows to take (`AdaptiveLimit`).
    case auto(maximum: Int)

    public init(integerLiteral value: Int) { self = .fixed(value) }

    /// At any time.
    public var maximum: Int {
        switch self {
        case .fixed(let count), .auto(let count): count
        }
    }

    /// `nil` unless the endpoint shows how many.
    var adaptiveMaximum: Int? { if case .auto(let maximum) = self { maximum } else { nil } }
}

/// Whose entries are taken over once their consumer has been silent for `claimAfter`.
public enum TakeOver: String, Sendable, Equatable, CaseIterable {
    /// Those of consumers that a Footbridge named.
    case own
    /// Those of every consumer of the group, whatever program it belongs to.
    case all
}

/// The entry after which a group begins that has to be made.
public enum GroupStart: Sendable, Equatable {
    /// Entries added from now on (`$`).
    case new
    /// Every entry that the stream holds (`0`).
    case beginning
    /// Entries after this one.
    case id(EntryID)
    /// Entries added at this time or later; milliseconds since 1970, UTC.
    case time(milliseconds: UInt64)
}
