internal import Curl
internal import Logging
internal import RESP
internal import Redis

/// One thread that runs all routes: a loop, a connection for commands, and per stream a connection that reads.
///
/// The actor's executor is the loop, so its methods run between the callbacks that every entry takes.
actor Worker {
    nonisolated let loop: CurlLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let context: WorkerContext
    let runners: [RouteRunner]
    private let logger: Logger

    /// - Throws: if the system gives no thread or descriptors, or libcurl or OpenSSL refuse what a route asks for.
    init(number: Int, config: BridgeConfig, target: RedisTarget, logger: Logger) throws {
        loop = try CurlLoop(name: "worker-\(number)")
        var logger = logger
        if config.workers > 1 { logger[metadataKey: LogKeys.worker] = "\(number)" }
        let context = WorkerContext(
            loop: loop, consumer: "\(config.instance).\(number)", target: target, waitForAck: config.waitForAck,
            logger: logger)
        self.context = context
        self.logger = logger
        runners = try config.routes.map { route in
            var logger = logger
            logger[metadataKey: LogKeys.route] = "\(route.name)"
            return try RouteRunner(route, worker: context, logger: logger)
        }
    }

    func start() {
        let (context, runners) = (context, runners)
        context.commands.onUp = { _ in
            context.health.isUp(context.commands)
            context.connectedAt = context.loop.now
            for runner in runners { runner.commandsConnected() }
            context.isConnected()
        }
        context.commands.onDown = {
            context.health.isDown(context.commands, $0)
            context.lostAt = context.lostAt ?? context.loop.now
        }
        context.replicas?.onReady = {
            for runner in runners { runner.settler.flush() }
        }
        context.announcements.onUp = { connection in
            // In RESP2 the messages come as replies, which nobody expects. Without them a round finds what was released.
            guard connection.speaksRESP3 else { return }
            connection.onPush = { push in
                for runner in runners { runner.received(push) }
            }
            let channels = runners.flatMap(\.channels)
            connection.send(RESPCommand("SUBSCRIBE", arguments: channels)) { _ in }
        }
        context.start(logger: logger)
        for runner in runners { runner.start() }
    }

    /// Finishes what is in flight, all routes at once, each within its `drain_timeout`. Nothing is read any more.
    ///
    /// - Returns: how many entries were not finished; they stay pending.
    func drain() async -> Int {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var draining = Set(runners.indices)
            func finish(_ index: Int) {
                if draining.remove(index) != nil && draining.isEmpty { continuation.resume() }
            }
            for (index, runner) in runners.enumerated() {
                runner.drain { finish(index) }
                loop.schedule(after: runner.config.drainTimeout) { finish(index) }
            }
        }
        context.replicas?.stop()
        // What waited for its turn still goes to the master, before anything is handed over.
        for runner in runners { runner.settler.flush() }
        return runners.reduce(0) { $0 + $1.unfinished }
    }

    /// Leaves what is not settled to other instances, or to the next start.
    func handOver() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var left = runners.count + 1
            func finish(_ isOver: Bool = false) {
                guard left > 0 else { return }
                left = isOver ? 0 : left - 1
                if left == 0 { continuation.resume() }
            }
            for runner in runners { runner.handOver { finish() } }
            loop.schedule(after: .seconds(5)) { finish(true) }
            finish()
        }
    }

    /// Drops what is still in flight and closes all connections.
    func disconnect() {
        for runner in runners { runner.stop() }
        context.stop()
    }
}
