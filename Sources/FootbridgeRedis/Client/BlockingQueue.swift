internal import DequeModule

/// Calls that wait until a connection for commands that block is free, in their order.
struct BlockingQueue {
    private var calls = Deque<RedisCall>()

    mutating func append(_ call: RedisCall) { calls.append(call) }

    mutating func popFirst() -> RedisCall? { calls.popFirst() }

    /// The first that is still wanted; those before it are dropped.
    mutating func popFirst(where isWanted: (RedisCall) -> Bool) -> RedisCall? {
        while let call = calls.popFirst() { if isWanted(call) { return call } }
        return nil
    }

    /// Returns whether it was there.
    mutating func remove(_ call: RedisCall) -> Bool {
        guard let index = calls.firstIndex(where: { $0 === call }) else { return false }
        calls.remove(at: index)
        return true
    }
}
