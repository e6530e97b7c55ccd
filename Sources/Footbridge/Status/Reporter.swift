internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import FoundationEssentials
internal import Glibc
public import Logging

/// Makes the reports of this instance, keeps what happened in the last hour, and leaves a report in Redis every few seconds,
/// for `footbridge status`.
public actor Reporter {
    private let instance: String
    private let monitor: BridgeMonitor
    private let startedAt = WallClock.milliseconds
    private var history = History()
    private var notedAt: MonotonicTime?
    private let logger: Logger?
    /// The user may not write the key.
    private var isRefused = false

    /// A report in Redis lasts for so long.
    private static let lifetime = Duration.seconds(15)
    static let interval = Duration.seconds(5)
    /// In seconds, of `history`.
    public static let historyStep = 10

    public init(instance: String, monitor: BridgeMonitor, logger: Logger? = nil) {
        self.logger = logger
        self.instance = instance
        self.monitor = monitor
    }

    /// The key in Redis that holds the report of an instance.
    public static func key(of instance: String) -> String { "footbridge:status:\(instance)" }

    /// Runs until it is cancelled.
    func run() async throws {
        while true {
            var isPublished = isRefused
            if let report = await note(), !isRefused { isPublished = await publish(report) }
            // At the start the connection is made still.
            try await Task.sleep(for: isPublished ? Self.interval : Self.interval / 10)
        }
    }

    /// - Returns: whether the next one has time.
    private func publish(_ report: InstanceReport) async -> Bool {
        let arguments: [any RESPArgument] = [
            Self.key(of: instance), report.json, "PX", Self.lifetime.wholeMilliseconds,
        ]
        guard var answer = await monitor.call(RESPCommand("SET", arguments: arguments)) else { return false }
        if case .failure(let error) = answer, error.serverError?.code == "OOM" {
            // That is when people look. Only the first write of a script is refused; this one gives back what the last report took.
            let script: [any RESPArgument] = [
                "redis.call('DEL', KEYS[1]); return redis.call('SET', KEYS[1], unpack(ARGV))", 1,
            ]
            guard let other = await monitor.call(RESPCommand("EVAL", arguments: script + arguments)) else {
                return false
            }
            answer = other
        }
        guard case .failure(let error) = answer, error.serverError?.code == "NOPERM" else { return true }
        isRefused = true
        logger?.info(
            "this Redis user may not leave reports for footbridge status; docs/configuration.md has the rule",
            metadata: [LogKeys.error: "\(error.words)"])
        return true
    }

    /// Nobody needs to wait until it has run out.
    func leave() async {
        if !isRefused { _ = await monitor.call(RESPCommand("DEL", arguments: [Self.key(of: instance)])) }
    }

    /// `nil` if a worker's loop does not turn.
    public func report() async -> InstanceReport? {
        async let backlogs = monitor.backlogs()
        guard let snapshot = await monitor.snapshot() else { return nil }
        return report(snapshot, await backlogs)
    }

    /// What a route did in the last hour, in steps of ten seconds.
    public func history(of route: String) -> [HistoryPoint] { history.points(of: route) }

    private func note() async -> InstanceReport? {
        async let backlogs = monitor.backlogs()
        guard let snapshot = await monitor.snapshot() else { return nil }
        let (report, now) = (report(snapshot, await backlogs), MonotonicTime.now)
        // Timers are late, never early: a step is not missed for a moment.
        guard notedAt.map({ now - $0 >= History.step - .milliseconds(500) }) ?? true else { return report }
        notedAt = now
        let owed = Dictionary(
            report.routes.compactMap { route in route.owed.map { (route.route, $0) } },
            uniquingKeysWith: { first, _ in first })
        history.note(snapshot.routes, owed, now: now, wall: WallClock.milliseconds)
        return report
    }

    private func report(_ snapshot: BridgeSnapshot, _ backlogs: [StreamPlace: StreamBacklog]) -> InstanceReport {
        let (wall, now) = (WallClock.milliseconds, MonotonicTime.now)
        let routes = snapshot.routes.map { route in
            var report = RouteReport(route, backlogs, now: wall)
            let figures = route.figures
            report.rates = history.rates(of: report.route, figures, now: now)
            report.latencyMs = history.latency(of: report.route, figures)
            return report
        }
        return InstanceReport(
            instance: instance, version: Version.current, host: Self.hostName, pid: Int(getpid()),
            phase: snapshot.phase.name, startedAt: LogTime.iso8601(milliseconds: startedAt),
            at: LogTime.iso8601(milliseconds: wall), workers: snapshot.workers.count,
            redis: InstanceReport.Redis(
                up: snapshot.workers.allSatisfy(\.isRedisUp),
                roundTripMs: snapshot.workers.compactMap(\.roundTrip).max()?.milliseconds,
                reconnects: snapshot.workers.reduce(0) { $0 + $1.redisReconnects }),
            loopDelayMs: snapshot.workers.map(\.loopDelay).max()?.milliseconds ?? 0, routes: routes)
    }

    private static let hostName = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()
}

extension InstanceReport {
    /// One line, keys in snake case.
    public var json: String { ReportJSON.text(self) }

    /// - Throws: if it is none, or of a version that has other members.
    public init(json: some Sequence<UInt8>) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(InstanceReport.self, from: Data(json))
    }
}

/// How reports are written.
public enum ReportJSON {
    public static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension BridgeSnapshot.Phase {
    fileprivate var name: String {
        switch self {
        case .starting: "starting"
        case .running: "running"
        case .stopping: "stopping"
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Double { (Double(wholeNanoseconds) / 1e6).rounded(to: 2) }
}

/// Times as reports have them.
public enum ReportTime {
    /// Milliseconds since 1970 in ISO 8601, UTC.
    public static func text(milliseconds: Int64) -> String { LogTime.iso8601(milliseconds: milliseconds) }

    /// `nil` if it is none.
    public static func milliseconds(of text: String) -> Int64? {
        (try? ISO8601.milliseconds(ConfigText(text: text, shown: text, isLiteral: true))).map { Int64(clamping: $0) }
    }
}
