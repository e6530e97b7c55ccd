/// A bridge at one moment.
public struct BridgeSnapshot: Sendable, Equatable {
    public enum Phase: Sendable, Equatable { case starting, running, stopping }

    public var phase: Phase
    /// None while the bridge starts.
    public var workers: [WorkerSnapshot]

    public init(phase: Phase, workers: [WorkerSnapshot]) {
        self.phase = phase
        self.workers = workers
    }
}

extension BridgeSnapshot {
    /// Each route as all workers see it, in the order of the configuration.
    public var routes: [[RouteSnapshot]] {
        var places: [String: Int] = [:]
        var routes: [[RouteSnapshot]] = []
        for route in workers.flatMap(\.routes) {
            if let place = places[route.route] {
                routes[place].append(route)
            } else {
                places[route.route] = routes.count
                routes.append([route])
            }
        }
        return routes
    }
}

extension [RouteSnapshot] {
    /// Those of all workers together.
    public var figures: RouteFigures { reduce(into: RouteFigures()) { $0.add($1.figures) } }
}

/// One worker at one moment.
public struct WorkerSnapshot: Sendable, Equatable {
    /// Its connection for commands stands.
    public var isRedisUp: Bool
    /// Connections that stand again after they were lost, or after an attempt failed.
    public var redisReconnects: Int
    /// How long Redis took for the last sign of life; `nil` before the first.
    public var roundTrip: Duration?
    /// How late the loop was for its last look at itself.
    public var loopDelay: Duration
    /// WAITs that too few replicas answered (`wait_for_ack`).
    public var replicaShortages: Int
    /// Spans of attempts that a collector has taken.
    public var spansExported: Int
    /// Those that no collector has taken: there was no room for them, or it refuses them.
    public var spansDropped: Int
    /// In the order of the configuration.
    public var routes: [RouteSnapshot]

    public init(
        isRedisUp: Bool, redisReconnects: Int, roundTrip: Duration? = nil, loopDelay: Duration = .zero,
        replicaShortages: Int = 0, spansExported: Int = 0, spansDropped: Int = 0, routes: [RouteSnapshot]
    ) {
        self.roundTrip = roundTrip
        self.loopDelay = loopDelay
        self.isRedisUp = isRedisUp
        self.redisReconnects = redisReconnects
        self.replicaShortages = replicaShortages
        self.spansExported = spansExported
        self.spansDropped = spansDropped
        self.routes = routes
    }
}

/// One route of one worker at one moment.
public struct RouteSnapshot: Sendable, Equatable {
    /// One of its streams.
    public struct Stream: Sendable, Equatable {
        public var stream: String
        /// Why it is not read; `nil` if it is, or if nothing keeps it from being.
        public var obstacle: String?
        /// Whether this worker may deliver it: always, where there is no order.
        public var isLed: Bool
        /// `nil`: there are none.
        public var deadLetters: String?

        public init(stream: String, obstacle: String? = nil, isLed: Bool = true, deadLetters: String? = nil) {
            self.deadLetters = deadLetters
            self.stream = stream
            self.obstacle = obstacle
            self.isLed = isLed
        }
    }

    public var route: String
    public var group: String
    /// `webhook`, `publish` or `append`.
    public var destination: String
    /// Since the start.
    public var figures: RouteFigures
    /// Requests under way.
    public var inFlight: Int
    /// Requests that may be under way.
    public var concurrency: Int
    /// Entries that were read and wait for a free request.
    public var queued: Int
    /// Entries that wait for the time of their next attempt.
    public var parked: Int
    /// Those of them by when it is.
    public var due: DueCounts
    public var gate: GateStatus
    /// What people have told it to do.
    public var hold: HoldMark?
    /// Endpoints that are known.
    public var endpointsKnown: Int
    /// Those of them that are down.
    public var endpointsDown: Int
    /// Those in the worst state.
    public var endpoints: [EndpointSnapshot]
    /// Entries that wait for an earlier one of their key.
    public var blocked: Int
    /// All that is held, wherever it is.
    public var entries: Int
    public var streams: [Stream]
    /// How long it last waited for tokens of its `rate`, or why it gets none.
    public var rateTrouble: String?
    /// What Redis refuses while its streams are read: dead letters, acknowledgements, counts, what dead instances left, replays.
    public var refusals: [String]

    public init(
        route: String = "orders", group: String = "orders", destination: String = "webhook",
        figures: RouteFigures = RouteFigures(), inFlight: Int = 0, concurrency: Int = 0, queued: Int = 0,
        parked: Int = 0, due: DueCounts = DueCounts(), gate: GateStatus = .open, hold: HoldMark? = nil,
        endpointsKnown: Int = 1, endpointsDown: Int = 0, endpoints: [EndpointSnapshot] = [], blocked: Int = 0,
        entries: Int = 0, streams: [Stream] = [Stream(stream: "orders")], rateTrouble: String? = nil,
        refusals: [String] = []
    ) {
        self.route = route
        self.group = group
        self.destination = destination
        self.figures = figures
        self.inFlight = inFlight
        self.concurrency = concurrency
        self.queued = queued
        self.parked = parked
        self.due = due
        self.gate = gate
        self.hold = hold
        self.endpointsKnown = endpointsKnown
        self.endpointsDown = endpointsDown
        self.endpoints = endpoints
        self.blocked = blocked
        self.entries = entries
        self.streams = streams
        self.rateTrouble = rateTrouble
        self.refusals = refusals
    }

    /// Streams whose lease this worker has; all of them where there is no order.
    public var streamsLed: Int { streams.count(where: \.isLed) }
}

/// Whether a route's endpoint takes requests.
public enum GateStatus: Sendable, Equatable {
    case open
    /// Requests failed, and nothing was accepted since: too few different entries to tell whose fault it is.
    case failing(reason: String)
    /// It is down: one entry at a time is sent as a test.
    case held(reason: String)
}

/// How many entries are due when.
public struct DueCounts: Sendable, Equatable {
    /// Of `limits`, and one more for what is later than the last.
    public var counts: [Int]
    /// Those that wait for an endpoint that is down, whenever it is back.
    public var forEndpoint: Int

    /// Up to so many seconds from now.
    public static let limits: [Int] = [0, 10, 60, 600, 3600]

    public init(counts: [Int] = Array(repeating: 0, count: limits.count + 1), forEndpoint: Int = 0) {
        self.counts = counts
        self.forEndpoint = forEndpoint
    }

    public mutating func add(_ other: DueCounts) {
        for index in counts.indices { counts[index] += other.counts[index] }
        forEndpoint += other.forEndpoint
    }
}

/// One endpoint as one worker sees it.
public struct EndpointSnapshot: Sendable, Equatable {
    public enum Standing: String, Sendable, Equatable, CaseIterable { case well, doubtful, down }

    public var name: String
    public var standing: Standing
    /// Why it is down: `Outcome.reason`, and in words.
    public var reason: String?
    public var words: String?
    /// Since when it is down, or fails: milliseconds since 1970.
    public var since: Int64?
    public var failure: EndpointFailure?
    /// Milliseconds since 1970.
    public var acceptedAt: Int64?
    public var nextProbe: Duration?
    public var inFlight: Int
    public var waiting: Int

    public init(
        name: String, standing: Standing, reason: String? = nil, words: String? = nil, since: Int64? = nil,
        failure: EndpointFailure? = nil, acceptedAt: Int64? = nil, nextProbe: Duration? = nil, inFlight: Int = 0,
        waiting: Int = 0
    ) {
        self.name = name
        self.standing = standing
        self.reason = reason
        self.words = words
        self.since = since
        self.failure = failure
        self.acceptedAt = acceptedAt
        self.nextProbe = nextProbe
        self.inFlight = inFlight
        self.waiting = waiting
    }
}
