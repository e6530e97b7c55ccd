internal import CFootbridgeCurl

/// All descriptors in one list, which the kernel goes through each time: for systems without epoll.
final class PlainPoller: Poller {
    private var descriptors: [curl_waitfd] = []
    /// Of the descriptor at the same place.
    private var tokens: [UInt64] = []
    private var places: [Int32: Int] = [:]

    func add(_ descriptor: Int32, token: UInt64) -> Bool {
        guard places[descriptor] == nil, footbridge_is_open(descriptor) else { return false }
        places[descriptor] = descriptors.count
        descriptors.append(curl_waitfd(fd: descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0))
        tokens.append(token)
        return true
    }

    func change(_ descriptor: Int32, writing: Bool, token: UInt64) {
        guard let place = places[descriptor] else { return }
        descriptors[place].events = Int16(CURL_WAIT_POLLIN | (writing ? CURL_WAIT_POLLOUT : 0))
        tokens[place] = token
    }

    func remove(_ descriptor: Int32) {
        guard let place = places.removeValue(forKey: descriptor) else { return }
        // The last one takes the free place.
        descriptors.swapAt(place, descriptors.count - 1)
        tokens.swapAt(place, tokens.count - 1)
        descriptors.removeLast()
        tokens.removeLast()
        if place < descriptors.count { places[descriptors[place].fd] = place }
    }

    func wait(_ poll: (UnsafeMutablePointer<curl_waitfd>?, UInt32) -> Void) -> Bool {
        descriptors.withUnsafeMutableBufferPointer { list in
            for index in list.indices { list[index].revents = 0 }
            poll(list.baseAddress, UInt32(list.count))
        }
        return descriptors.contains { $0.revents != 0 }
    }

    func forEachReady(_ body: (UInt64, Readiness) -> Void) {
        guard wait({ _ = footbridge_poll($0, $1, 0) }) else { return }
        let ready = zip(tokens, descriptors).filter { $0.1.revents != 0 }
        for (token, descriptor) in ready {
            var readiness: Readiness = []
            if footbridge_polled_read(descriptor.revents) { readiness.insert(.read) }
            if footbridge_polled_write(descriptor.revents) { readiness.insert(.write) }
            body(token, readiness)
        }
    }
}
