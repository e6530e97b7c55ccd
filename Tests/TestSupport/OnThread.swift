import Foundation

/// Runs what blocks on a thread of its own, so that an async test leaves the shared pool's few threads to the code
/// under test.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}
