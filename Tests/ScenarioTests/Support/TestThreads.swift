import Foundation
import TestSupport
import Testing

/// Runs tests on a few threads of their own, no more than that at a time.
///
/// A scenario blocks while it waits for processes; on the shared pool it would keep the tests of other targets from
/// their work, and all scenarios at once would be a load that nobody's timeouts allow for.
struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(TestThreads.shared) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    static var ownThreads: Self { OwnThreads() }
}

private final class TestThreads: TaskExecutor {
    static let shared = TestThreads(count: 3)

    private let waiting = Monitor<[UnownedJob]>([])

    init(count: Int) {
        for _ in 0..<count {
            Thread.detachNewThread { [self] in
                while true {
                    _ = waiting.wait(timeout: .seconds(3600)) { !$0.isEmpty }
                    let job = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                    job?.runSynchronously(on: asUnownedTaskExecutor())
                }
            }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        waiting.withLock { $0.append(job) }
    }
}
