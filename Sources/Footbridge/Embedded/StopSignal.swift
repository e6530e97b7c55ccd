import Glibc

/// A flag that a thread can wait for with poll(2). Once set it stays set.
final class StopSignal: Sendable {
    /// Readable once the flag is set.
    let descriptor: Int32
    private let other: Int32

    init() throws(EmbeddedRedisError) {
        var pair: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &pair) { pair in
            socketpair(
                AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0,
                pair.bindMemory(to: Int32.self).baseAddress)
        }
        guard result == 0 else { throw .system(call: "socketpair", errno: errno) }
        (descriptor, other) = pair
    }

    deinit {
        close(descriptor)
        close(other)
    }

    /// From any thread.
    func set() {
        // Once the buffer is full, the flag has long been set.
        send(other, [1], 1, Int32(MSG_NOSIGNAL))
    }

    var isSet: Bool { wait(atMost: .zero) }

    /// Waits at most `time`; returns whether the flag is set.
    func wait(atMost time: Duration) -> Bool {
        var poll = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        return Poll.wait(&poll, until: .now + time) && poll[0].revents != 0
    }
}

/// poll(2) with a point in time instead of a duration, undisturbed by signals.
enum Poll {
    /// Returns whether a descriptor is ready.
    static func wait(_ descriptors: inout [pollfd], until deadline: ContinuousClock.Instant?) -> Bool {
        while true {
            var milliseconds: Int32 = -1
            if let deadline {
                let (seconds, attoseconds) = (deadline - .now).components
                let rest = min(max(seconds, -1), 86_400) * 1000 + attoseconds / 1_000_000_000_000_000 + 1
                milliseconds = Int32(max(rest, 0))
            }
            let ready = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
            if ready > 0 { return true }
            if ready < 0, errno != EINTR { return false }
            if let deadline, deadline <= .now { return false }
        }
    }
}
