import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

@Suite(.onEveryPoller, .timeLimit(.minutes(1))) struct LoopTasksTests {
    private static func resumedElsewhere() async {
        await withCheckedContinuation { continuation in Task.detached { continuation.resume() } }
    }

    @Test func `a task stays on the thread of the loop, whatever it waits for`() async throws {
        let loop = try CurlLoop()
        let tasks = LoopTasks(loop)
        let places = await withTaskExecutorPreference(tasks) {
            var places = [loop.isCurrent]
            await Self.resumedElsewhere()
            places.append(loop.isCurrent)
            await withTaskCancellationHandler {
                await Self.resumedElsewhere()
                places.append(loop.isCurrent)
            } onCancel: {
            }
            places.append(await tasks.sleep(for: .milliseconds(1)))
            return places + [loop.isCurrent]
        }
        #expect(places == Array(repeating: true, count: 5))
        #expect(!loop.isCurrent)
        await loop.stop()
    }

    @Test func `sleep lasts as long as it should, and ends when the task is cancelled`() async throws {
        let loop = try CurlLoop()
        let tasks = LoopTasks(loop)
        let start = ContinuousClock.now
        #expect(await tasks.sleep(for: .milliseconds(50)))
        #expect(.now - start >= .milliseconds(50))
        let task = Task { await tasks.sleep(for: .seconds(3600)) }
        task.cancel()
        #expect(await task.value == false)
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await tasks.sleep(for: .seconds(3600))
        }
        #expect(await cancelled.value == false)
        await loop.stop()
    }

    @Test func `a task goes on after the end of its loop, and its sleep ends when it is cancelled`() async throws {
        let loop = try CurlLoop()
        let tasks = LoopTasks(loop)
        let began = Gate()
        let task = Task(executorPreference: tasks) {
            began.open()
            let isOver = await tasks.sleep(for: .seconds(3600))
            await Self.resumedElsewhere()
            return isOver
        }
        _ = try await onThread { began.wait() }
        await loop.stop()
        task.cancel()
        #expect(await task.value == false)
        // Begun after the end.
        let late = Task(executorPreference: tasks) { await tasks.sleep(for: .seconds(3600)) }
        late.cancel()
        #expect(await late.value == false)
    }
}
