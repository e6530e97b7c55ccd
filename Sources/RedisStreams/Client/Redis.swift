internal import FootbridgeRESP
internal import FootbridgeRedis
public import Logging

/// A connection to Redis for any number of tasks; the place where streams, groups and time series come from.
///
/// ```swift
/// let redis = try await Redis.connect("redis://localhost:6379")
/// let events = redis.stream("events")
/// ```
/// Or from a `RedisConfiguration`, which connects with the first call, and is a service of
/// [ServiceLifecycle](https://github.com/swift-server/swift-service-lifecycle) by `run()`.
///
/// Commands of all tasks share one connection and are pipelined; each call that blocks has a connection for itself while
/// it does. Lost connections are re-established.
///
/// **Lost connections.** A command that was not sent yet waits for the next connection, for as long as `deadline`, and then
/// throws a `Failure` of kind `unreachable`: it did not run. A command that was sent and has no reply throws `connectionLost`
/// or `timedOut`: it may or may not have run (`Failure.mayHaveRun`), and is not repeated, for an entry would be added twice and
/// a count would be wrong. The library's own calls that only read (`count`, ranges, `read`, `pending` …) are sent again within the deadline;
/// `send`, `run` and the commands of `pipeline`, `transaction` and `watching` never are, whatever they do.
///
/// **Cancellation.** When the task is cancelled, the call throws a `Failure` of kind `cancelled` at once. A command that had
/// been sent may still run.
public final class Redis: Sendable {
    let core: RedisCore
    let deadline: Duration
    /// Those that have something to send, or to be confirmed.
    var acknowledgers: Acknowledgers { core.acknowledgers }

    init(_ core: RedisCore, deadline: Duration) {
        self.core = core
        self.deadline = deadline
    }

    /// A client that has not connected yet: the first call makes a connection, or `run()`.
    ///
    /// - Parameter logger: is told when the connection is lost (`warning`) and when it is back (`notice`), once each.
    public convenience init(_ configuration: RedisConfiguration, logger: Logger? = nil) {
        self.init(RedisCore(configuration, logger), deadline: configuration.deadline)
    }

    /// The same client, whose calls have another deadline; so have those of the streams and groups that come from it.
    ///
    /// ```swift
    /// try await redis.with(deadline: .milliseconds(200)).stream("events").add(["n": 1])
    /// ```
    /// Connections are shared: making such a client costs nothing.
    public func with(deadline: Duration) -> Redis { Redis(core, deadline: max(deadline, .milliseconds(1))) }

    /// Sends any command and waits for its reply: `try await redis.send("XLEN", "events").integer`.
    ///
    /// - Throws: `notSent` for commands that block, subscribe, or change the connection (`SELECT`, `MULTI`): all tasks
    ///   share it, and some of these commands would hand each task the reply to another's.
    public func send(_ name: String, _ arguments: any RedisArgument...) async throws(Failure) -> Reply {
        let command = RESPCommand(name, arguments: arguments.map(ArgumentBytes.init))
        if let reason = SharedConnection.refusal(of: command) { throw Failure(.notSent, command: name, reason: reason) }
        let replies = try await core.use(command.name).perform([command], deadline: deadline)
        return Reply(try value(replies[0], name, isReadOnly: false))
    }
}

extension Redis {
    /// Sends a command on streams and waits for its reply.
    package func call<Reply>(_ command: StreamCommand<Reply>) async throws(Failure) -> Reply {
        let replies = try await core.use(command.command.name).perform(
            [command.command], deadline: deadline, mayRepeat: command.isReadOnly)
        return try await taken(command, replies[0])
    }

    /// Sends all commands at once; the replies are asked for later. What one task begins goes out in that order.
    func begin<Reply>(_ commands: [StreamCommand<Reply>], isCancellable: Bool = true) -> Pipeline<Reply> {
        let mayRepeat = commands.allSatisfy(\.isReadOnly)
        do throws(Failure) {
            let call = try core.use(commands.first?.command.name).begin(
                commands.map(\.command), deadline: deadline, mayRepeat: mayRepeat, isCancellable: isCancellable)
            return Pipeline(commands: commands, call: .success(call))
        } catch {
            return Pipeline(commands: commands, call: .failure(error))
        }
    }

    /// Sends a command that the server may answer after `wait` only, on a connection of its own.
    func block<Reply>(_ command: StreamCommand<Reply>, for wait: Duration) async throws(Failure) -> Reply {
        let reply = try await core.use(command.command.name).block(
            command.command, for: wait, deadline: deadline, mayRepeat: command.isReadOnly)
        return try await taken(command, reply)
    }

    private func taken<Reply>(
        _ command: StreamCommand<Reply>, _ reply: RedisPool.Reply
    ) async throws(Failure) -> Reply {
        do throws(Failure) {
            return try command.decoded(reply)
        } catch {
            throw await explained(error, command.needs)
        }
    }
}

/// Commands that are on their way.
struct Pipeline<Reply: Sendable>: Sendable {
    let commands: [StreamCommand<Reply>]
    /// Or why nothing was sent.
    let call: Result<PoolCall, Redis.Failure>

    /// Waits for all replies; once.
    ///
    /// - Throws: the failure of the first one that failed; the others have run, if the server took them.
    func values() async throws(Redis.Failure) -> [Reply] {
        let replies = try await call.get().replies()
        var values: [Reply] = []
        values.reserveCapacity(replies.count)
        for (command, reply) in zip(commands, replies) {
            values.append(try command.decoded(reply))
        }
        return values
    }

    /// What came of commands.
    enum Outcome {
        /// All of them.
        case all([Reply])
        /// Not all of them: of each.
        case each([Result<Reply, Redis.Failure>])
    }

    /// Waits for all replies, once, also in a task that is cancelled, and tells what came of the commands.
    func outcome() async -> Outcome {
        let call: PoolCall
        do throws(Redis.Failure) {
            call = try self.call.get()
        } catch {
            return .each(commands.map { _ in .failure(error) })
        }
        let replies = await call.replies(isCancellable: false)
        do throws(Redis.Failure) {
            var values: [Reply] = []
            values.reserveCapacity(replies.count)
            for (command, reply) in zip(commands, replies) { values.append(try command.decoded(reply)) }
            return .all(values)
        } catch {
            return .each(
                zip(commands, replies).map { command, reply in
                    Result { () throws(Redis.Failure) in try command.decoded(reply) }
                })
        }
    }
}

func value(
    _ reply: RedisPool.Reply, _ command: String, isReadOnly: Bool
) throws(Redis.Failure) -> RESPValue {
    switch reply {
    case .success(let value): return value
    case .failure(let failure): throw Redis.Failure(failure, command, isReadOnly: isReadOnly)
    }
}

extension StreamCommand {
    func decoded(_ reply: RedisPool.Reply) throws(Redis.Failure) -> Reply {
        let value = try value(reply, command.name, isReadOnly: isReadOnly)
        guard let decoded = decode(value) else {
            throw Redis.Failure(
                .unexpectedReply, command: command.name, mayHaveRun: !isReadOnly, reason: value.shape)
        }
        return decoded
    }
}
