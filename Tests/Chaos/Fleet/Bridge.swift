import Foundation
import TestSupport

/// One of the instances: its process, its way to Redis and its receiver. Belongs to the thread of the faults.
final class Bridge {
    /// `a`, `b`, `c`.
    let name: String
    let index: Int
    let proxy: CuttingProxy
    let receiver: ChaosReceiver
    private(set) var process: ChildProcess?
    /// The place of its last start among the runs.
    private(set) var run = -1
    /// The configuration of that.
    private(set) var file = ""
    private let runs: RunBook
    private let redis: RedisService
    private let settings: Settings
    private let directory: TemporaryDirectory

    init(
        index: Int, settings: Settings, redis: RedisService, receiver: ChaosReceiver, runs: RunBook,
        directory: TemporaryDirectory
    ) throws {
        self.index = index
        self.settings = settings
        self.redis = redis
        self.receiver = receiver
        self.runs = runs
        self.directory = directory
        name = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(index)))
        proxy = try CuttingProxy(upstream: redis.master.port)
    }

    /// Whether a consumer of the group is one of its workers'.
    func owns(_ consumer: String) -> Bool { consumer.hasPrefix("\(name).") }
    var isRunning: Bool { process != nil && process?.exit == nil }

    /// - Parameters:
    ///   - claimAfter: in seconds.
    ///   - clock: that the process is to go by.
    func start(claimAfter: Double = Settings.claimAfter, clock: MovableClock? = nil) throws {
        let process = try launch(claimAfter: claimAfter, clock: clock)
        try process.waitForOutput(containing: "footbridge runs", on: .error, timeout: .seconds(20))
    }

    /// Starts another process of the same name, which is the bridge from now on, and returns the one that was it, with its
    /// place among the runs. The new one may wait until the other has left.
    func replace() throws -> (process: ChildProcess?, run: Int) {
        let old = (process, run)
        _ = try launch(claimAfter: Settings.claimAfter, clock: nil)
        return old
    }

    private func launch(claimAfter: Double, clock: MovableClock?) throws -> ChildProcess {
        run = runs.begin(bridge: index)
        file = try directory.write(configuration(claimAfter), to: "\(name)-\(run).yaml")
        var environment = settings.sabotage.map { ["FOOTBRIDGE_SABOTAGE": $0] } ?? [:]
        if let clock { environment.merge(clock.environment) { $1 } }
        let process = try ChildProcess(settings.binary, ["run", "-c", file], environment: environment)
        self.process = process
        runs.keep(process, of: run)
        return process
    }

    /// Changes the file that it was started with.
    func rewrite(concurrency: Int) throws {
        file = try directory.write(
            configuration(Settings.claimAfter, concurrency: concurrency), to: "\(name)-\(run).yaml")
    }

    func signal(_ number: Int32) {
        if number == SIGTERM { runs.tellToEnd(run) }
        process?.signal(number)
    }

    /// Waits for the end of the process, and notes it.
    @discardableResult
    func waitForExit(within seconds: Double) throws -> ChildProcess.Exit? {
        let exit = try process?.waitForExit(timeout: .milliseconds(Int(seconds * 1000)))
        runs.end(run)
        return exit
    }

    func kill() throws {
        signal(SIGKILL)
        try waitForExit(within: 10)
    }

    private func configuration(_ claimAfter: Double, concurrency: Int = Settings.concurrency) -> String {
        return """
            redis: \(redis.configuration(by: proxy.port))
            admin: { listen: "127.0.0.1:0" }
            instance: \(name)
            workers: \(settings.workers)
            log: { level: info, format: json }
            routes:
            \((0..<settings.routes).map { route($0, claimAfter: ms(claimAfter), concurrency) }.joined())
            """
    }

    private func ms(_ seconds: Double) -> String { "\(Int(seconds * 1000))ms" }

    private func route(_ number: Int, claimAfter: String, _ concurrency: Int) -> String {
        let backoff = Settings.backoff
        let streams = stride(from: number, to: settings.streams, by: settings.routes).map(Settings.stream)
        return """
              \(Settings.stream(number)):
                streams: [\(streams.joined(separator: ", "))]
                group: \(Settings.group)
                start: beginning
                webhook:
                  url: \(receiver.url)
                  allow: [127.0.0.1]
                  \(receiver.identity.map { "tls: { ca: \($0.authority) }" } ?? "method: POST")
                  headers: { X-Bridge: "\(run)" }
                  timeout: \(ms(Settings.timeout))
                  sign: { secret: "\(Settings.secret)" }
                concurrency: \(concurrency)
                claim_after: \(claimAfter)
                drain_timeout: \(ms(Settings.drainTimeout))
                trim: { keep: 0 }
                ordering: \(settings.ordering)\(settings.ordering == .key ? "\n    key: .fields.key" : "")
                retry:
                  attempts: \(Settings.attempts)
                  give_up: \(settings.ordering == .strict ? "always" : "when_others_pass")
                  backoff: { initial: \(ms(backoff.initial)), factor: \(backoff.factor), max: \(ms(backoff.maximum)), jitter: \(backoff.jitter) }

            """
    }
}
