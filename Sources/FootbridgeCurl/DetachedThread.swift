internal import Glibc

/// A thread for work that blocks, which must not sit on the threads of Swift's concurrency.
///
/// SIGPIPE is blocked in it: OpenSSL writes with write(2), not send(MSG_NOSIGNAL), and a peer that is gone would end the process.
/// What the process itself does with that signal is left as it is.
package enum DetachedThread {
    package static func start(_ body: @escaping @Sendable () -> Void) throws(SystemFailure) {
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                var pipe = sigset_t()
                sigemptyset(&pipe)
                sigaddset(&pipe, SIGPIPE)
                pthread_sigmask(SIG_BLOCK, &pipe, nil)
                Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        guard failure == 0 else {
            box.release()
            throw SystemFailure(code: failure)
        }
        pthread_detach(thread)
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }
}
