internal import FootbridgeCurl
internal import FootbridgeRedis
internal import Synchronization

/// What came of a sign of life.
struct LifeSign: Sendable {
    /// Why Redis did not take it, but for a group that is not there.
    var failure: Redis.Failure?
    /// Redis was away, so that others could not show life either.
    var wasAway = false
    /// Of the verification that has begun: the consumer may have been silent for too long.
    var verification: Int?
    /// Something that is held was not found as ours, or the group was not.
    var isSuspect = false
}

/// Shows that a session lives, and renews what it holds, from the client's own thread: handlers may block all of Swift's threads.
///
/// The session hears of it when it gets a thread.
final class WorkerPulse: Sendable {
    private struct State {
        /// What the session has not heard yet.
        var untold: LifeSign?
        var telling: Task<Void, Never>?
    }

    private let session: WorkerSession
    private let state = Mutex(State())

    init(_ session: WorkerSession) { self.session = session }

    /// Until the task is cancelled.
    func run(_ pool: RedisPool) async {
        await withTaskExecutorPreference(pool.ownThread) {
            while await pool.ownThread.sleep(for: session.options.beat) {
                // Another process has our name: a heartbeat would keep its consumer alive.
                if session.isStandingBack { continue }
                // Calls of the actor would run here, too: nothing that may wait for users' code.
                var sign = await session.showLife()
                if await session.renew() { sign.isSuspect = true }
                tell(sign)
            }
        }
        let telling = state.withLock(\.telling)
        telling?.cancel()
        await telling?.value
    }

    private func tell(_ sign: LifeSign) {
        state.withLock { state in
            let earlier = state.untold
            state.untold = LifeSign(
                failure: sign.failure, wasAway: sign.wasAway || earlier?.wasAway ?? false,
                verification: sign.verification ?? earlier?.verification,
                isSuspect: sign.isSuspect || earlier?.isSuspect ?? false)
            // Not on the client's thread: observers may block.
            if state.telling == nil {
                state.telling = Task(executorPreference: globalConcurrentExecutor) { await self.tellAll() }
            }
        }
    }

    private func tellAll() async {
        while let sign = next() { await session.hear(sign) }
    }

    private func next() -> LifeSign? {
        state.withLock { state in
            defer { state.untold = nil }
            if state.untold == nil { state.telling = nil }
            return state.untold
        }
    }
}
