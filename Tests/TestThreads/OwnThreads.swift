import Foundation
import TestSupport
public import Testing

/// Runs tests on a few threads of their own, no more than that at a time.
///
/// The shared pool has a thread for each core, and all tests that run at once take turns on it: one that blocks or computes for
/// long keeps the others from their work, and their timeouts pass.
public struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    fileprivate let threads: TestThreads
    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(threads) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    /// For scenarios, which wait for processes; all of them at once would be a load that nobody's timeouts allow for.
    public static var ownThreads: Self { OwnThreads(threads: .scenarios) }
    /// For tests that compute for seconds.
    public static var longRunning: Self { OwnThreads(threads: .long) }
    /// For tests that wait for other processes, and use the pool, too.
    public static var waiting: Self { OwnThreads(threads: .waiting) }
}

private final class TestThreads: TaskExecutor {
    static let scenarios = TestThreads(count: 3)
    static let long = TestThreads(count: 1)
    static let waiting = TestThreads(count: 3)

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
