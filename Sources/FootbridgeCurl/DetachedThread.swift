internal import CFootbridgeCurl

/// A thread for work that blocks, which must not sit on the threads of Swift's concurrency.
///
/// SIGPIPE is blocked in it: before 7.88 libcurl had OpenSSL write with write(2), not send(MSG_NOSIGNAL), and a peer that is gone
/// would end the process. What the process itself does with that signal is left as it is.
package enum DetachedThread {
    package static func start(_ body: @escaping @Sendable () -> Void) throws(SystemFailure) {
        let box = Unmanaged.passRetained(Box(body))
        let failure = footbridge_start_thread(
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        guard failure == 0 else {
            box.release()
            throw SystemFailure(code: failure)
        }
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }
}
