internal import CFootbridgeCurl
internal import Synchronization

/// Keeps our threads out of OpenSSL once the process ends by `exit` (or by returning from `main`).
///
/// `exit` runs OpenSSL's handler, which takes its tables away, while all threads go on; one that is in the middle of a handshake
/// then crashes the process. So a handler of our own, which runs before OpenSSL's, waits until no thread of ours is at work, for
/// 200 ms at most; a thread that comes back to work afterwards sleeps until the process is gone. What a host has registered
/// itself is left as it is. A process without TLS is let go at once, and its threads go on.
///
/// Thread safety: everything here may be called from anywhere.
package enum ExitGate {
    /// Threads that are at work: between two waits of a loop.
    private static let working = Atomic(0)
    private static let isClosed = Atomic(false)
    private static let isDisabled = Atomic(false)
    private static let hasTLS = Atomic(false)
    /// The process whose threads they are: a child of `fork` has the handler, but not the threads.
    private static let owner = Atomic<Int32>(0)

    private static let longestWait = Duration.milliseconds(200)

    /// For a program that keeps OpenSSL's tables until it is gone: nothing is done at its exit.
    package static func leaveOpen() { isDisabled.store(true, ordering: .relaxed) }

    /// To be called once, behind `curl_global_init`: handlers run in reverse order.
    static func register() {
        owner.store(getpid(), ordering: .relaxed)
        atexit { ExitGate.close() }
    }

    /// Something here is about to speak TLS.
    static func expectTLS() { hasTLS.store(true, ordering: .sequentiallyConsistent) }

    /// Begins work that may lead into OpenSSL. Returns whether it may be done; if not, nothing is to be ended with `leave`.
    static func enter() -> Bool {
        working.add(1, ordering: .sequentiallyConsistent)
        if !isClosed.load(ordering: .sequentiallyConsistent) { return true }
        leave()
        return false
    }

    static func leave() { working.subtract(1, ordering: .sequentiallyConsistent) }

    /// `enter` for a thread of our own: it never comes back if the process is about to end.
    static func enterOrSleep() {
        while !enter() { pause() }
    }

    /// Lets the process end while a thread of our own, which has entered, waits for something.
    static func whileWaiting(_ wait: () -> Void) {
        leave()
        defer { enterOrSleep() }
        wait()
    }

    /// Runs within `exit`, on the thread that called it. (One of ours, too, would be waited for.)
    private static func close() {
        guard !isDisabled.load(ordering: .relaxed), hasTLS.load(ordering: .sequentiallyConsistent),
            owner.load(ordering: .relaxed) == getpid()
        else { return }
        isClosed.store(true, ordering: .sequentiallyConsistent)
        let end = MonotonicTime.now + longestWait
        while working.load(ordering: .sequentiallyConsistent) > 0, .now < end { _ = footbridge_poll(nil, 0, 1) }
    }
}
