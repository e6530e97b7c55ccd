internal import FootbridgeCurl

/// One call of `ConsumerGroup.process`: the runners that handle messages, and the tasks that keep them supplied.
struct GroupProcess: Sendable {
    private let redis: Redis
    private let options: ProcessOptions
    private let board: WorkBoard
    private let sessions: [WorkerSession]
    private let settler: WorkerSettler
    private let body: @Sendable (Message) async throws -> Void

    /// Handlers that were cancelled have so long before their messages are handed over without them.
    private static let grace = Duration.seconds(5)

    init(_ group: ConsumerGroup, _ options: ProcessOptions, _ body: @escaping @Sendable (Message) async throws -> Void)
    {
        let options = options.sound
        let consumer = options.consumer ?? (group.isConsumerNamed ? group.consumer : WorkerName.new())
        let owner = OwnerMark(
            consumer: consumer, token: String(UInt64.random(in: .min ... .max), radix: 36),
            claimAfter: options.abandonedAfter)
        let board = WorkBoard(options, group.streamNames, consumer: consumer)
        redis = group.redis
        self.options = options
        self.board = board
        self.body = body
        sessions = group.streamNames.indices.map { WorkerSession(group, $0, options, owner, board) }
        settler = WorkerSettler(
            group: group, consumer: consumer, options: options, board: board, sessions: sessions)
    }

    /// Until the caller's task is cancelled, or Redis refuses.
    func run() async -> Redis.Failure? {
        await withTaskCancellationHandler {
            // In a task of its own: what is under way when the caller's is cancelled is brought to an end.
            await Task { await work() }.value
        } onCancel: {
            board.stop()
        }
    }

    private func work() async -> Redis.Failure? {
        for runner in 0..<options.concurrency { start(runner) }
        let keeping = sessions.map { session in Task { await session.keepAlive() } }
        let settling = [Task { await settler.run() }, Task { await settler.runLetters() }]
        let reading = sessions.map { session in
            Task { () -> Redis.Failure? in
                do throws(Redis.Failure) {
                    try await session.run()
                    return nil
                } catch {
                    board.stop()
                    return error
                }
            }
        }
        let supplying = sessions.flatMap { session in
            [Task { await session.lookAfterOthers() }, Task { await session.fetchDue() }]
        }
        let clock = Task {
            while !Task.isCancelled { await board.clockBell.wait(upTo: board.collectDue() ?? .seconds(60)) }
        }
        // Its handlers may be busy for long, so that it asks Redis for nothing.
        let closing = Task { () -> Redis.Failure? in
            await redis.core.closing.wait()
            guard redis.core.closing.isOpen, !board.isStopped else { return nil }
            board.stop()
            return Redis.Failure(.closed)
        }
        while !board.isStopped { await board.endBell.wait() }
        for task in reading + [closing] { task.cancel() }
        for task in supplying + [clock] { task.cancel() }
        for bell in board.bells + board.dueBells + [board.clockBell] { bell.ring() }
        for task in supplying + [clock] { await task.value }
        var failure: Redis.Failure?
        for task in reading + [closing] {
            let refusal = await task.value
            failure = failure ?? refusal
        }
        await waitForRunners(upTo: options.drainTimeout)
        if board.running > 0 {
            board.cancelRunners()
            await waitForRunners(upTo: Self.grace)
        }
        if failure?.isClosed != true { await settleRest() }
        for task in keeping + settling { task.cancel() }
        for task in keeping + settling { await task.value }
        // Nobody but us knew of them.
        for key in board.disowned { options.observer?.didLose(key.id, of: board.streams[key.stream], isRunning: false) }
        if failure?.isClosed != true {
            // At a time: each may wait for a Redis that is away.
            let leaving = sessions.map { session in Task { await session.handOver() } }
            for task in leaving { await task.value }
        }
        return failure
    }

    private func waitForRunners(upTo time: Duration) async {
        let end = MonotonicTime.now + time
        while board.running > 0, .now < end { await board.endBell.wait(upTo: end - .now) }
    }

    /// Acknowledgements are confirmed, if that can be done soon.
    private func settleRest() async {
        let end = MonotonicTime.now + .seconds(5)
        while !board.isSettled, .now < end {
            board.settlerBell.ring()
            board.letterBell.ring()
            await board.endBell.wait(upTo: min(end - .now, .milliseconds(100)))
        }
    }

    // MARK: - Runners

    private func start(_ runner: Int) {
        board.keep(runner, Task { await handle(runner) })
    }

    private func handle(_ runner: Int) async {
        while let job = await board.next(runner) {
            await handle(job)
            // It is cancelled, for its message is another's: a successor goes on.
            if board.leaves(runner), !board.isStopped { return start(runner) }
        }
    }

    private func handle(_ job: WorkBoard.Job) async {
        let observer = options.observer
        let beginning = observer.map { observer in
            observer.didStart(job.message)
            return MonotonicTime.now
        }
        do {
            try await body(job.message)
            board.finish(job, .handled)
            if let observer, let beginning { observer.didFinish(job.message, after: .now - beginning) }
        } catch {
            // Its time was over when all had to stop: it did not fail.
            if board.isStopped, Task.isCancelled { return board.interrupt(job) }
            board.finish(job, .failed(error))
        }
    }
}
