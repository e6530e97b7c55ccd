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

/// One worker at one moment.
public struct WorkerSnapshot: Sendable, Equatable {
    /// Its connection for commands stands.
    public var isRedisUp: Bool
    /// Connections that stand again after they were lost, or after an attempt failed.
    public var redisReconnects: Int
    /// WAITs that too few replicas answered (`wait_for_ack`).
    public var replicaShortages: Int
    /// In the order of the configuration.
    public var routes: [RouteSnapshot]

    public init(isRedisUp: Bool, redisReconnects: Int, replicaShortages: Int = 0, routes: [RouteSnapshot]) {
        self.isRedisUp = isRedisUp
        self.redisReconnects = redisReconnects
        self.replicaShortages = replicaShortages
        self.routes = routes
    }
}

/// One route of one worker at one moment.
public struct RouteSnapshot: Sendable, Equatable {
    /// Why a stream is not read.
    public struct Obstacle: Sendable, Equatable {
        public var stream: String
        public var reason: String

        public init(stream: String, reason: String) {
            self.stream = stream
            self.reason = reason
        }
    }

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
    public var gate: GateStatus
    /// Endpoints that are known.
    public var endpointsKnown: Int
    /// Those of them that are down.
    public var endpointsDown: Int
    /// Entries that wait for an earlier one of their key.
    public var blocked: Int
    /// Streams whose lease this worker has; all of them where there is no order.
    public var streamsLed: Int
    /// Of the streams that cannot be read at the moment.
    public var obstacles: [Obstacle]

    public init(
        figures: RouteFigures = RouteFigures(), inFlight: Int = 0, concurrency: Int = 0, queued: Int = 0,
        parked: Int = 0, gate: GateStatus = .open, endpointsKnown: Int = 1, endpointsDown: Int = 0,
        blocked: Int = 0, streamsLed: Int = 1, obstacles: [Obstacle] = []
    ) {
        self.figures = figures
        self.inFlight = inFlight
        self.concurrency = concurrency
        self.queued = queued
        self.parked = parked
        self.gate = gate
        self.endpointsKnown = endpointsKnown
        self.endpointsDown = endpointsDown
        self.blocked = blocked
        self.streamsLed = streamsLed
        self.obstacles = obstacles
    }
}

/// Whether a route's endpoint takes requests.
public enum GateStatus: Sendable, Equatable {
    case open
    /// Requests failed, and nothing was accepted since: too few different entries to tell whose fault it is.
    case failing(reason: String)
    /// It is down: one entry at a time is sent as a test.
    case held(reason: String)
    /// The endpoint is gone (410).
    case paused
}
