public import FootbridgeCurl
internal import TestSupport

/// An actor that lives on a loop, so that a test can make and use what belongs to the loop's thread.
public actor TestLoop {
    public nonisolated let loop: CurlLoop
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init() throws { loop = try CurlLoop(name: "test", polling: EveryPoller.current) }

    func run<Value: Sendable>(_ body: @Sendable (isolated TestLoop) async throws -> Value) async throws -> Value {
        try await body(self)
    }
}

/// Runs `body` on a new loop, and stops the loop afterwards.
public func onLoop<Value: Sendable>(
    _ body: @Sendable (isolated TestLoop) async throws -> Value
) async throws -> Value {
    let test = try TestLoop()
    do {
        let value = try await test.run(body)
        await test.loop.stop()
        return value
    } catch {
        await test.loop.stop()
        throw error
    }
}

/// Waits for a callback that the loop makes: `await callback { done in handle.start(buffer, completion: done) }`.
public func callback<Value>(_ start: (@escaping (Value) -> Void) throws -> Void) async throws -> Value {
    let passed: Result<Passed<Value>, any Error> = await withCheckedContinuation { continuation in
        do {
            try start { continuation.resume(returning: .success(Passed(value: $0))) }
        } catch {
            continuation.resume(returning: .failure(error))
        }
    }
    return try passed.get().value
}

/// A value of the loop that passes through a continuation and back to the loop.
private struct Passed<Value>: @unchecked Sendable {
    let value: Value
}

/// Lets the loop turn until `condition` holds, which is asked every millisecond.
///
/// - Throws: if it does not come to that within 50 s: what waits on a loop cannot be cancelled.
public func turns(of loop: CurlLoop, until condition: @escaping () -> Bool) async throws {
    let end = MonotonicTime.now + .seconds(50)
    let isMet: Bool = try await callback { done in
        func look() {
            if condition() {
                done(true)
            } else if MonotonicTime.now > end {
                done(false)
            } else {
                loop.schedule(after: .milliseconds(1), look)
            }
        }
        look()
    }
    if !isMet { throw TestSupportError("the loop turned for 50 s, and it did not come to that") }
}

/// Lets the loop turn for a while: for what must not happen.
public func turns(of loop: CurlLoop, for time: Duration) async throws {
    let _: Bool = try await callback { done in loop.schedule(after: time) { done(true) } }
}
