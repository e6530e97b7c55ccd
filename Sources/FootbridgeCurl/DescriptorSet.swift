/// The sockets that libcurl does not watch for us, each with what is to be done when it is ready.
final class DescriptorSet {
    let poller: any Poller
    var isSignalled = false
    private var watched: [Int32: (token: UInt32, handler: (Readiness) -> Void)] = [:]
    private var tokens: UInt32 = 0

    init(_ polling: PollerKind) throws(CurlLoopError) {
        do throws(SystemFailure) {
            poller = try polling.makePoller()
        } catch {
            throw CurlLoopError("sockets cannot be watched: \(error)")
        }
    }

    /// Watches for reading. The handler runs on the loop, again and again while there is something to read.
    func watch(_ descriptor: Int32, _ handler: @escaping (Readiness) -> Void) -> Bool {
        tokens &+= 1
        watched[descriptor] = (tokens, handler)
        return poller.add(descriptor, token: key(descriptor, tokens))
    }

    func setWriting(_ writing: Bool, _ descriptor: Int32) {
        guard let token = watched[descriptor]?.token else { return }
        poller.change(descriptor, writing: writing, token: key(descriptor, token))
    }

    /// To be called before the descriptor is closed.
    func forget(_ descriptor: Int32) {
        guard watched.removeValue(forKey: descriptor) != nil else { return }
        poller.remove(descriptor)
    }

    func dispatch() {
        guard isSignalled else { return }
        isSignalled = false
        poller.forEachReady { key, readiness in
            let descriptor = Int32(truncatingIfNeeded: key & 0xffff_ffff)
            guard let (token, handler) = watched[descriptor], self.key(descriptor, token) == key else { return }
            handler(readiness)
        }
    }

    /// Tells a descriptor from a later one with the same number, closed and opened in one round.
    private func key(_ descriptor: Int32, _ token: UInt32) -> UInt64 {
        UInt64(token) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }
}
