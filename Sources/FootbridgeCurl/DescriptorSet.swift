internal import CFootbridgeCurl
internal import Glibc

/// The sockets that libcurl does not watch for us, in one epoll set: `curl_multi_poll` gets that single descriptor, so a
/// thousand idle sockets cost a busy loop nothing.
final class DescriptorSet {
    let epoll: Int32
    var isSignalled = false
    private var watched: [Int32: (token: UInt32, handler: (Readiness) -> Void)] = [:]
    private var tokens: UInt32 = 0
    private var events = [footbridge_ready](repeating: footbridge_ready(), count: 64)

    struct Readiness: OptionSet {
        let rawValue: UInt32
        static let read = Readiness(rawValue: 1)
        static let write = Readiness(rawValue: 2)
    }

    init() throws(CurlLoopError) {
        epoll = footbridge_epoll_create()
        guard epoll >= 0 else { throw CurlLoopError("no epoll set: \(String(cString: strerror(errno)))") }
    }

    deinit { close(epoll) }

    /// Watches for reading. The handler runs on the loop, again and again while there is something to read.
    func watch(_ descriptor: Int32, _ handler: @escaping (Readiness) -> Void) -> Bool {
        tokens &+= 1
        watched[descriptor] = (tokens, handler)
        return footbridge_epoll_set(epoll, descriptor, true, false, key(descriptor, tokens)) == 0
    }

    func setWriting(_ writing: Bool, _ descriptor: Int32) {
        guard let token = watched[descriptor]?.token else { return }
        _ = footbridge_epoll_set(epoll, descriptor, false, writing, key(descriptor, token))
    }

    /// To be called before the descriptor is closed.
    func forget(_ descriptor: Int32) {
        guard watched.removeValue(forKey: descriptor) != nil else { return }
        _ = footbridge_epoll_remove(epoll, descriptor)
    }

    func dispatch() {
        guard isSignalled else { return }
        isSignalled = false
        let count = events.withUnsafeMutableBufferPointer {
            footbridge_epoll_ready(epoll, $0.baseAddress, Int32($0.count))
        }
        guard count > 0 else { return }
        for event in events[0..<Int(count)] {
            let descriptor = Int32(truncatingIfNeeded: event.token & 0xffff_ffff)
            guard let (token, handler) = watched[descriptor], key(descriptor, token) == event.token else { continue }
            var readiness: Readiness = []
            if footbridge_can_read(event.events) { readiness.insert(.read) }
            if footbridge_can_write(event.events) { readiness.insert(.write) }
            handler(readiness)
        }
    }

    /// The token tells a descriptor from a later one with the same number, closed and opened in one round.
    private func key(_ descriptor: Int32, _ token: UInt32) -> UInt64 {
        UInt64(token) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }
}
