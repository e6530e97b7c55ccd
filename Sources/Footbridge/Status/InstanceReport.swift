/// One instance at one moment, as people and programs are shown it: by the admin server, in Redis, and by `footbridge status`.
///
/// What is unknown, or not the case, is `nil`. docs/api.md describes each member.
public struct InstanceReport: Codable, Sendable, Equatable {
    public struct Redis: Codable, Sendable, Equatable {
        public var up: Bool
        public var roundTripMs: Double?
        public var reconnects: Int

        public init(up: Bool, roundTripMs: Double? = nil, reconnects: Int) {
            self.up = up
            self.roundTripMs = roundTripMs
            self.reconnects = reconnects
        }
    }

    public var instance: String
    public var version: String
    public var host: String
    public var pid: Int
    public var phase: String
    /// ISO 8601.
    public var startedAt: String
    public var at: String
    public var workers: Int
    public var redis: Redis
    public var loopDelayMs: Double
    public var routes: [RouteReport]

    public init(
        instance: String, version: String, host: String, pid: Int, phase: String, startedAt: String, at: String,
        workers: Int, redis: Redis, loopDelayMs: Double, routes: [RouteReport]
    ) {
        self.instance = instance
        self.version = version
        self.host = host
        self.pid = pid
        self.phase = phase
        self.startedAt = startedAt
        self.at = at
        self.workers = workers
        self.redis = redis
        self.loopDelayMs = loopDelayMs
        self.routes = routes
    }
}

/// One route of one instance.
public struct RouteReport: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable, CaseIterable {
        /// It delivers, or would if there was something to deliver.
        case reading
        /// Requests failed, and nothing was accepted since.
        case failing
        /// The endpoint takes nothing: it gets probes only.
        case held
        /// People have told it to wait.
        case paused
        /// People have told it to read nothing new.
        case draining
        /// So it was, and this instance has nothing left.
        case drained
        /// Another instance delivers its streams.
        case standby
        /// A stream cannot be read.
        case waiting
        /// It reads and delivers, but Redis refuses what it has to write: dead letters, most often.
        case refused
    }

    public struct Stream: Codable, Sendable, Equatable {
        public var stream: String
        public var reading: Bool
        public var reason: String?
        public var leads: Bool
        public var unread: Int?
        public var pending: Int?
        public var oldestAgeS: Double?
        public var deadLetterStream: String?
        public var deadLetters: Int?
        public var replaying: Int?
    }

    public struct Endpoint: Codable, Sendable, Equatable {
        public var endpoint: String
        public var standing: String
        public var reason: String?
        public var cause: String?
        public var since: String?
        public var lastStatus: Int?
        public var lastError: String?
        public var lastAnswer: String?
        public var lastFailureAt: String?
        public var lastAcceptedAt: String?
        public var nextProbeInS: Double?
        public var inFlight: Int
        public var waiting: Int

        public init(
            endpoint: String, standing: String, reason: String? = nil, cause: String? = nil, since: String? = nil,
            lastStatus: Int? = nil, lastError: String? = nil, lastAnswer: String? = nil, lastFailureAt: String? = nil,
            lastAcceptedAt: String? = nil, nextProbeInS: Double? = nil, inFlight: Int, waiting: Int
        ) {
            self.endpoint = endpoint
            self.standing = standing
            self.reason = reason
            self.cause = cause
            self.since = since
            self.lastStatus = lastStatus
            self.lastError = lastError
            self.lastAnswer = lastAnswer
            self.lastFailureAt = lastFailureAt
            self.lastAcceptedAt = lastAcceptedAt
            self.nextProbeInS = nextProbeInS
            self.inFlight = inFlight
            self.waiting = waiting
        }
    }

    public struct Rates: Codable, Sendable, Equatable {
        public var read: Double
        public var delivered: Double
        public var failed: Double
        public var dead: Double
        public var filtered: Double

        public init(read: Double, delivered: Double, failed: Double, dead: Double, filtered: Double) {
            self.read = read
            self.delivered = delivered
            self.failed = failed
            self.dead = dead
            self.filtered = filtered
        }
    }

    public struct Latency: Codable, Sendable, Equatable {
        public var p50: Double
        public var p90: Double
        public var p99: Double
    }

    public struct Totals: Codable, Sendable, Equatable {
        public var read: Int
        public var delivered: Int
        public var filtered: Int
        public var failed: Int
        public var dead: Int
    }

    public var route: String
    public var group: String
    public var destination: String
    public var state: State
    public var reason: String?
    public var since: String?
    /// What Redis refuses to write, whatever the state; `nil` if nothing.
    public var refusals: [String]?
    public var streams: [Stream]
    public var endpoints: [Endpoint]
    public var endpointsKnown: Int
    public var endpointsDown: Int
    public var inFlight: Int
    public var concurrency: Int
    public var queued: Int
    public var blocked: Int
    public var waiting: Int
    public var waitingByDue: [String: Int]
    public var owed: Int?
    public var oldestAgeS: Double?
    public var rates: Rates?
    public var latencyMs: Latency?
    public var totals: Totals
}
