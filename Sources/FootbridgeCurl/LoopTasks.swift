internal import Synchronization

/// Has tasks run on the thread of a loop: `withTaskExecutorPreference(loopTasks) { … }`.
///
/// For what cannot wait until one of Swift's threads is free. Nothing that may block belongs there, and so no user's code.
public final class LoopTasks: TaskExecutor {
    private let loop: CurlLoop

    public init(_ loop: CurlLoop) { self.loop = loop }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard !loop.enqueue(job, of: asUnownedTaskExecutor()) else { return }
        // The loop has ended, and its tasks go on where others run.
        globalConcurrentExecutor.enqueue(job)
    }

    /// Waits by the clock of the loop: `Task.sleep` ends on one of Swift's threads, which may all be blocked.
    ///
    /// - Returns: `false` if the task was cancelled.
    public func sleep(for time: Duration) async -> Bool {
        let nap = Nap()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard nap.begin(continuation) else { return }
                // A loop that has ended wakes nobody any more: then cancelling does.
                loop.post { [loop] in nap.timer = loop.schedule(after: time) { nap.end() } }
            }
        } onCancel: {
            loop.post { [loop] in
                if let timer = nap.timer { loop.cancel(timer) }
            }
            nap.end()
        }
        return !Task.isCancelled
    }
}

/// One wait, which ends once.
private final class Nap: @unchecked Sendable {
    private let state = Mutex<(continuation: CheckedContinuation<Void, Never>?, hasEnded: Bool)>((nil, false))
    /// Belongs to the loop's thread.
    var timer: LoopTimer?

    /// - Returns: `false` if it is over already.
    func begin(_ continuation: CheckedContinuation<Void, Never>) -> Bool {
        let hasEnded = state.withLock { state in
            if !state.hasEnded { state.continuation = continuation }
            return state.hasEnded
        }
        if hasEnded { continuation.resume() }
        return !hasEnded
    }

    func end() {
        let continuation = state.withLock { state in
            defer { state = (nil, true) }
            return state.continuation
        }
        continuation?.resume()
    }
}
