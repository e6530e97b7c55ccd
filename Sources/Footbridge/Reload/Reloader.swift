internal import Logging

/// Changes what a running bridge does: other secrets, and other configurations, one at a time.
actor Reloader {
    private let reloads: ConfigReloads
    private let workers: [Worker]
    private let monitor: BridgeMonitor
    private let summary: Summary
    private let notify: SystemdNotify?
    private let logger: Logger
    /// What is in effect.
    private var current: ReadConfig
    private var rates: RateBook
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isStopping = false
    /// Of the configuration's own files: as it was last read, and as it was last seen.
    private var readStamps: [FileStamp]
    private var seenStamps: [FileStamp]
    private var secrets: SecretWatch

    init(
        _ reloads: ConfigReloads, workers: [Worker], rates: RateBook, monitor: BridgeMonitor, summary: Summary,
        notify: SystemdNotify?, logger: Logger
    ) {
        (self.reloads, self.workers, self.rates, self.monitor) = (reloads, workers, rates, monitor)
        (self.summary, self.notify, self.logger) = (summary, notify, logger)
        current = reloads.first
        (readStamps, seenStamps) = (current.stamps, current.stamps)
        secrets = SecretWatch(files: current.secrets, logger: logger)
    }

    /// Looks at the files once a second; runs until it is cancelled.
    func watch() async throws {
        while true {
            await alone { await lookAtSecrets() }
            if reloads.watchesFiles { await lookAtFiles() }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func lookAtSecrets() async {
        var secrets = secrets
        if let routes = await secrets.look(current.config.routes, workers) { current.config.routes = routes }
        self.secrets = secrets
    }

    /// A file that is being written would be read by half: it has to look the same twice.
    private func lookAtFiles() async {
        let stamps = ConfigFile.stamps(path: current.file)
        defer { seenStamps = stamps }
        guard stamps != readStamps, stamps == seenStamps else { return }
        logger.info("the configuration's files have changed")
        _ = await reload()
    }

    /// No other is begun; returns when the one that was begun leaves the workers alone.
    func stop() { isStopping = true }

    func reload() async -> ReloadAnswer {
        await alone {
            guard !isStopping else { return .stopping }
            notify?.reloading()
            let answer = await readAndApply()
            switch answer {
            case .refused(let reasons):
                logger.error(
                    "the configuration was not taken; what was read before stays in effect",
                    metadata: [LogKeys.error: "\(reasons)"])
            case .taken: logger.info("the configuration was read again", metadata: [LogKeys.changes: "\(answer)"])
            case .stopping: break
            }
            if !isStopping { notify?.ready() }
            return answer
        }
    }

    private func readAndApply() async -> ReloadAnswer {
        let read: ReadConfig
        do throws(ConfigErrors) {
            readStamps = ConfigFile.stamps(path: current.file)
            read = try await reloads.readElsewhere()
        } catch {
            return .refused("\(error)")
        }
        let plan = ReloadPlan(from: current.config, to: read.config)
        guard plan.fixed.isEmpty else { return .refused("\(read.refusal(of: plan.fixed))") }
        guard !isStopping else { return .stopping }
        do {
            for worker in workers {
                let programs = try await Self.programs(plan, read.config)
                try await worker.prepare(plan, read.config, programs.byRoute)
            }
        } catch {
            for worker in workers { await worker.discardPrepared() }
            return .refused("\(error)")
        }
        for advice in read.config.advice where !current.config.advice.contains(advice) { advice.tell(logger) }
        DescriptorLimit.check(read.config, logger)
        rates = RateBook(read.config.routes, after: rates)
        monitor.follows(read.config)
        for worker in workers { await worker.commit(plan, read.config, rates: rates) }
        await summary.follow(read.config)
        await renew(plan, read.config)
        if current.config.log.level != read.config.log.level { LogThreshold.process.set(read.config.log.level) }
        current = read
        readStamps = read.stamps
        secrets = SecretWatch(files: read.secrets, logger: logger)
        for worker in workers { await worker.settled() }
        // What was to begin may not have.
        if isStopping { return .stopping }
        return ReloadAnswer(plan)
    }

    private func renew(_ plan: ReloadPlan, _ config: BridgeConfig) async {
        for route in config.routes where plan.renewed.contains(route.name) {
            guard let webhook = route.webhook else { continue }
            do {
                for worker in workers { try await worker.replaceSecrets(webhook, ofRoute: route.name) }
            } catch {
                logger.warning(
                    "a secret has changed and is of no use; what was read before stays in use",
                    metadata: [LogKeys.route: "\(route.name)", LogKeys.error: "\(error)"])
            }
        }
    }

    private struct Programs: Sendable {
        let byRoute: [String: RoutePrograms]
    }

    /// Compiling takes a while, which the loops have no time for.
    @concurrent private static func programs(_ plan: ReloadPlan, _ config: BridgeConfig) async throws -> Programs {
        var programs: [String: RoutePrograms] = [:]
        for route in config.routes where plan.begins(route.name) { programs[route.name] = try RoutePrograms(route) }
        return Programs(byRoute: programs)
    }

    // MARK: - One at a time

    private func alone<Value: Sendable>(_ body: () async -> Value) async -> Value {
        while isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
        defer {
            isBusy = false
            if !waiting.isEmpty { waiting.removeFirst().resume() }
        }
        return await body()
    }
}

extension ConfigReloads {
    /// Reading a file, and compiling what is in it, would keep others waiting.
    @concurrent fileprivate func readElsewhere() async throws(ConfigErrors) -> ReadConfig { try read() }
}
