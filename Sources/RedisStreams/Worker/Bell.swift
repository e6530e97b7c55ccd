internal import Synchronization

/// Wakes tasks that wait for something to do.
final class Bell: Sendable {
    private struct State {
        var hasRung = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// How many tasks wait.
    var waiting: Int { state.withLock(\.waiting.count) }

    /// Wakes all who wait, or who will wait next.
    func ring() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            if state.waiting.isEmpty { state.hasRung = true }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until it rings, the time is over, or the task is cancelled; also now and then for nothing.
    func wait(upTo time: Duration? = nil) async {
        let timer = time.map { time in
            Task {
                try? await Task.sleep(for: max(.zero, time))
                if !Task.isCancelled { ring() }
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.hasRung || Task.isCancelled {
                        state.hasRung = false
                        return true
                    }
                    state.waiting.append(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
        timer?.cancel()
    }
}
