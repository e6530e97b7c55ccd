import ArgumentParser
import Glibc

/// Work that SIGINT and SIGTERM cancel, so that it can tidy up and say how far it came.
enum Interruptible {
    /// The result; for work that was cancelled, the exit code that a shell gives for the signal: 130 or 143.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async -> Result<Value, any Error> {
        let signals = TrappedSignals(SIGINT, SIGTERM)
        let work = Task { try await body() }
        let watching = Task {
            for await signal in signals.values {
                work.cancel()
                return ExitCode(128 + signal)
            }
            return ExitCode.success
        }
        let result = await work.result
        if case .failure(let error) = result, error.isCancellation { return .failure(await watching.value) }
        watching.cancel()
        return result
    }

    /// Work that has no end of its own: to be stopped is how it ends well.
    static func untilStopped(_ body: @escaping @Sendable () async throws -> Void) async throws {
        do {
            try await run(body).get()
        } catch let exit as ExitCode where exit == ExitCode(128 + SIGINT) || exit == ExitCode(128 + SIGTERM) {}
    }
}
