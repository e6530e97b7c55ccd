import ArgumentParser
import Footbridge
import FootbridgeAdmin
import FootbridgeRedis
import Logging
import ServiceLifecycle

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs the bridge until it is told to stop.",
        discussion: """
            SIGTERM or SIGINT: stops reading, finishes what is in flight, settles it and ends; a second one, at least \
            half a second later, ends at once. What was not settled stays in Redis and goes on at the next start. \
            SIGHUP, `footbridge reload` and, with --watch, a change of the file have the configuration read again: \
            checked first, and applied route by route.

            Examples:
              footbridge run
              footbridge run -c /etc/footbridge/orders.yaml --state /var/lib/footbridge

            Exit codes: 0 stopped, 1 ended by a second signal, 69 something needed is unavailable, 78 wrong configuration.
            """)

    @OptionGroup var config: ConfigOption

    @OptionGroup var state: StateOption

    @Flag(help: "Read the configuration again when its file, or one in routes.d beside it, has changed.")
    var watch = false

    func run() async throws {
        // Before there are other threads, which may look into the environment.
        let notify = SystemdNotify.fromEnvironment()
        let passed = PassedSockets.fromEnvironment()
        let first = try config.loadWatched()
        let bridgeConfig = first.config
        let reloads = reloads(first)
        let logger = LogStart.start(bridgeConfig.log)
        let monitor = BridgeMonitor()
        let reporter = Reporter(instance: bridgeConfig.instance, monitor: monitor, logger: logger)
        let place = RedisPlace()
        // Before Redis and the bridge: a port that is taken ends the command while nothing is begun.
        let admin = try await startAdmin(bridgeConfig, passed, monitor, reporter, place, reloads, logger)
        let (redis, embedded) = try await state.redis(for: bridgeConfig, at: config.resolved, logger: logger)
        place.set(redis)
        let bridge = Bridge(
            config: bridgeConfig, redis: redis, logger: logger, notify: notify, monitor: monitor, reporter: reporter,
            reloads: reloads)
        // Services stop in the reverse of this order: the bridge first, then the Redis that it settles with.
        let services: [(any Service)?] = [embedded, admin, bridge]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: services.compactMap(\.self), logger: quiet(logger)))
        // Before the bridge says that it runs: from then on a signal means an orderly stop.
        let signals = StopSignals()
        let watching = Task { await signals.watch(group, reloads, logger: logger) }
        ControlServer(
            config: config.resolved, answers: ControlServer.Answers(reloads: reloads, reporter: reporter),
            logger: logger)?.start()
        defer { watching.cancel() }
        do {
            try await group.run()
        } catch {
            logger.critical("footbridge cannot run", metadata: [LogKeys.error: "\(error)"])
            throw CommandExit.unavailable
        }
    }

    private func reloads(_ first: ReadConfig) -> ConfigReloads {
        let path = config.resolved
        // The machine may get another name; this process keeps the one that its consumers have.
        let environment = ConfigFile.Environment.process
        return ConfigReloads(first, watchesFiles: watch) { () throws(ConfigErrors) in
            try ConfigFile.loadWatched(path: path, environment: environment)
        }
    }

    private func startAdmin(
        _ config: BridgeConfig, _ passed: PassedSockets, _ monitor: BridgeMonitor, _ reporter: Reporter,
        _ place: RedisPlace, _ reloads: ConfigReloads, _ logger: Logger
    ) async throws -> AdminServer? {
        guard let listen = config.admin?.listen else {
            guard passed.isEmpty else {
                throw failure(
                    "a socket was passed, and the configuration has no admin server for it; add admin: { listen: 127.0.0.1:9464 }",
                    CommandExit.configuration)
            }
            return nil
        }
        let admin = AdminServer(
            at: listen, passed: passed, config: config, monitor: monitor, reporter: reporter, logger: logger,
            redis: { place.target }, reload: { await reloads.reload() })
        do throws(AdminServerError) {
            try await admin.start()
            return admin
        } catch {
            throw failure("\(error)", CommandExit.unavailable)
        }
    }

    /// ServiceLifecycle tells every step at info; only what goes wrong there is of interest.
    private func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .error)
        return logger
    }
}
