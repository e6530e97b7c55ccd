internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis

/// A connection to Redis for any number of tasks; the place where streams, groups and time series come from.
///
/// ```swift
/// let redis = try await Redis.connect("redis://localhost:6379")
/// let events = redis.stream("events")
/// ```
/// Commands of all tasks share one connection and are pipelined; each call that blocks has a connection for itself while
/// it does. Connections that are lost are made again.
///
/// **Lost connections.** A command that was not sent yet waits for the next connection, for as long as `deadline`, and then
/// throws a `Failure` of kind `unreachable`: it did not run. A command that was sent and has no reply throws `connectionLost`
/// or `timedOut`: it may or may not have run (`Failure.mayHaveRun`), and is not repeated, for an entry would be added twice and
/// a count would be wrong. Commands that only read are repeated within the deadline.
///
/// **Cancellation.** When the task is cancelled, the call throws a `Failure` of kind `cancelled` at once. A command that had
/// been sent may still run.
public final class Redis: Sendable {
    let pool: RedisPool
    let deadline: Duration
    /// Those that have something to send, or to be confirmed.
    let acknowledgers = Acknowledgers()

    init(_ target: RedisTarget, _ deadline: Duration) throws(Failure) {
        do throws(CurlLoopError) {
            pool = try RedisPool(target)
        } catch {
            throw Failure(.unreachable, reason: "\(error)")
        }
        self.deadline = deadline
    }

    /// Connects to a server, in one attempt.
    ///
    /// ```
    /// redis://[user[:password]@]host[:port][/database][?name=…]
    /// rediss://…?ca=…&cert=…&key=…&insecure=true&server_name=…
    /// unix://[user[:password]@]/path/to.sock[?db=…&name=…]
    /// ```
    /// - Parameters:
    ///   - url: `%XX` stands for a byte in user, password, path and options.
    ///   - deadline: for each command: until when it has to be sent, and how long nothing may come or go once it is.
    /// - Throws: `invalidConfiguration` with what is wrong in the URL, `unreachable`, or what the server refuses us with.
    public static func connect(_ url: String, deadline: Duration = .seconds(5)) async throws(Failure) -> Redis {
        try await connect(RedisTarget(parse(url)), deadline)
    }

    /// Connects to the master that Sentinels know, and follows them when it changes.
    ///
    /// - Parameters:
    ///   - master: what the Sentinels call it.
    ///   - sentinels: URLs of at least one, `redis://10.0.0.1:26379`; credentials in the first are for all of them.
    ///   - url: database, credentials and TLS options for the master itself; its host and port do not count.
    public static func connect(
        master: String, sentinels: [String], _ url: String = "redis://localhost", deadline: Duration = .seconds(5)
    ) async throws(Failure) -> Redis {
        var target = RedisTarget(try parse(url))
        let nodes = try sentinels.map { url throws(Failure) in try parse(url) }
        guard let first = nodes.first else { throw Failure(.invalidConfiguration, reason: "no Sentinel is named") }
        target.sentinel = SentinelTarget(
            master: master, nodes: nodes.map { RedisTarget($0).socket }, user: first.user, password: first.password)
        return try await connect(target, deadline)
    }

    private static func parse(_ url: String) throws(Failure) -> RedisURL {
        do throws(RedisURLError) {
            return try RedisURL(url)
        } catch {
            throw Failure(.invalidConfiguration, reason: error.description)
        }
    }

    private static func connect(_ target: RedisTarget, _ deadline: Duration) async throws(Failure) -> Redis {
        let redis = try Redis(target, deadline)
        do throws(RedisError) {
            try await redis.pool.connect()
        } catch {
            await redis.close()
            throw Task.isCancelled ? Failure(.cancelled) : Failure(connecting: error)
        }
        return redis
    }

    /// Closes all connections; calls without a reply throw. A client that nobody holds any more is closed, too.
    ///
    /// What loops over `ConsumerGroup.entries` have handled is acknowledged first, which takes `deadline` at most.
    public func close() async {
        let acknowledgers = acknowledgers.all
        for acknowledger in acknowledgers { acknowledger.send() }
        for acknowledger in acknowledgers { await acknowledger.finish() }
        await pool.close()
    }

    /// Sends any command and waits for its reply: `try await redis.send("XLEN", "events").integer`.
    ///
    /// - Throws: `notSent` for commands that block, subscribe, or change the connection (`SELECT`, `MULTI`): all tasks
    ///   share it, and some of these commands would hand each task the reply to another's.
    public func send(_ name: String, _ arguments: any RedisArgument...) async throws(Failure) -> Reply {
        let command = RESPCommand(name, arguments: arguments.map(ArgumentBytes.init))
        if let reason = SharedConnection.refusal(of: command) { throw Failure(.notSent, command: name, reason: reason) }
        let replies = await pool.perform([command], deadline: deadline)
        return Reply(try value(replies[0], name, isReadOnly: false))
    }
}

extension Redis {
    /// Sends a command on streams and waits for its reply.
    package func call<Reply>(_ command: StreamCommand<Reply>) async throws(Failure) -> Reply {
        let replies = await pool.perform([command.command], deadline: deadline, mayRepeat: command.isReadOnly)
        return try command.decoded(replies[0])
    }

    /// Sends all commands at once; the replies are asked for later. What one task begins goes out in that order.
    func begin<Reply>(_ commands: [StreamCommand<Reply>], isCancellable: Bool = true) -> Pipeline<Reply> {
        let mayRepeat = commands.allSatisfy(\.isReadOnly)
        let call = pool.begin(
            commands.map(\.command), deadline: deadline, mayRepeat: mayRepeat, isCancellable: isCancellable)
        return Pipeline(commands: commands, call: call)
    }

    /// Sends a command that the server may answer after `wait` only, on a connection of its own.
    func block<Reply>(_ command: StreamCommand<Reply>, for wait: Duration) async throws(Failure) -> Reply {
        let reply = await pool.block(command.command, for: wait, deadline: deadline, mayRepeat: command.isReadOnly)
        return try command.decoded(reply)
    }
}

/// Commands that are on their way.
struct Pipeline<Reply: Sendable>: Sendable {
    let commands: [StreamCommand<Reply>]
    let call: PoolCall

    /// Waits for all replies; once.
    ///
    /// - Throws: the failure of the first one that failed; the others have run, if the server took them.
    func values() async throws(Redis.Failure) -> [Reply] {
        let replies = await call.replies()
        var values: [Reply] = []
        values.reserveCapacity(replies.count)
        for (command, reply) in zip(commands, replies) {
            values.append(try command.decoded(reply))
        }
        return values
    }
}

private func value(
    _ reply: RedisPool.Reply, _ command: String, isReadOnly: Bool
) throws(Redis.Failure) -> RESPValue {
    switch reply {
    case .success(let value): return value
    case .failure(let failure): throw Redis.Failure(failure, command, isReadOnly: isReadOnly)
    }
}

extension StreamCommand {
    fileprivate func decoded(_ reply: RedisPool.Reply) throws(Redis.Failure) -> Reply {
        let value = try value(reply, command.name, isReadOnly: isReadOnly)
        guard let decoded = decode(value) else {
            throw Redis.Failure(
                .unexpectedReply, command: command.name, mayHaveRun: !isReadOnly, reason: value.shape)
        }
        return decoded
    }
}
