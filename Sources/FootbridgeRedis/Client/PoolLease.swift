internal import FootbridgeCurl
public import FootbridgeRESP

/// A connection of a `RedisPool` that one caller has for itself, for what Redis remembers of a connection (`WATCH`). It does not
/// come back by itself: what is sent once it is lost fails.
///
/// Thread safety: the fields belong to the thread of the loop.
public final class PoolLease: @unchecked Sendable {
    private let pool: RedisPool
    /// Taken by the first command, until the lease is released.
    var lane: CommandLane?
    var connection: RedisConnection?
    var isReleased = false

    fileprivate init(_ pool: RedisPool) { self.pool = pool }

    /// Sends commands in one go, and waits for their replies.
    public func perform(_ commands: [RESPCommand], deadline: Duration) async -> [RedisPool.Reply] {
        let call = RedisCall(commands, deadline: deadline, patience: deadline, mayRepeat: false)
        call.lease = self
        pool.submit(call) { $0.submit(call, on: self) }
        return await pool.replies(to: call)
    }

    /// Gives the connection back; it forgets what it watches.
    public func release() { pool.loop.post { [pool] in pool.lanes.release(self) } }
}

extension RedisPool {
    /// Takes a connection, one of those for commands that block, and sends a first command on it.
    ///
    /// - Parameter command: may be sent twice.
    /// - Returns: the lease, which has to be released whatever the reply is.
    public func lease(_ command: RESPCommand, deadline: Duration) async -> (lease: PoolLease, reply: Reply) {
        let lease = PoolLease(self)
        let call = RedisCall([command], deadline: deadline, patience: deadline, mayRepeat: true)
        call.lease = lease
        submit(call) { $0.block(call) }
        return (lease, await replies(to: call)[0])
    }
}

extension PoolLanes {
    /// The first command has its reply, or will have none.
    func hold(_ lane: CommandLane, _ lease: PoolLease) {
        lease.lane = lane
        lease.connection = lane.isUp ? lane.connection : nil
        if lease.isReleased { release(lease) }
    }

    func submit(_ call: RedisCall, on lease: PoolLease) {
        guard let lane = lease.lane, let connection = lease.connection, connection.isOpen else {
            let lost = TransportFailure(kind: .disconnected, message: "the connection that watched the keys is lost")
            return call.fail(.unsent(.connection(lost)))
        }
        call.send(on: connection, of: lane)
    }

    func release(_ lease: PoolLease) {
        lease.isReleased = true
        guard let lane = lease.lane else { return }
        if let connection = lease.connection, connection.isOpen { connection.send(["UNWATCH"]) { _ in } }
        (lease.lane, lease.connection) = (nil, nil)
        giveBack(lane)
    }
}
