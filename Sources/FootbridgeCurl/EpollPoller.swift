#if os(Linux)
    internal import CFootbridgeCurl

    /// One epoll set: whoever waits looks at that single descriptor, so a thousand idle sockets cost a busy loop nothing.
    final class EpollPoller: Poller {
        private let epoll: Int32
        private var waiting: curl_waitfd
        private var events = [footbridge_ready](repeating: footbridge_ready(), count: 64)

        init() throws(SystemFailure) {
            epoll = footbridge_epoll_create()
            waiting = curl_waitfd(fd: epoll, events: Int16(CURL_WAIT_POLLIN), revents: 0)
            guard epoll >= 0 else { throw SystemFailure(code: footbridge_errno()) }
        }

        deinit { if epoll >= 0 { close(epoll) } }

        func add(_ descriptor: Int32, token: UInt64) -> Bool {
            footbridge_epoll_set(epoll, descriptor, true, false, token) == 0
        }

        func change(_ descriptor: Int32, writing: Bool, token: UInt64) {
            _ = footbridge_epoll_set(epoll, descriptor, false, writing, token)
        }

        func remove(_ descriptor: Int32) { _ = footbridge_epoll_remove(epoll, descriptor) }

        func wait(_ poll: (UnsafeMutablePointer<curl_waitfd>?, UInt32) -> Void) -> Bool {
            waiting.revents = 0
            poll(&waiting, 1)
            return waiting.revents != 0
        }

        /// At most 64; the others are told of the next time.
        func forEachReady(_ body: (UInt64, Readiness) -> Void) {
            let count = events.withUnsafeMutableBufferPointer {
                footbridge_epoll_ready(epoll, $0.baseAddress, Int32($0.count))
            }
            guard count > 0 else { return }
            for event in events[0..<Int(count)] {
                var readiness: Readiness = []
                if footbridge_can_read(event.events) { readiness.insert(.read) }
                if footbridge_can_write(event.events) { readiness.insert(.write) }
                body(event.token, readiness)
            }
        }
    }
#endif
