internal import FootbridgeRESP
internal import FootbridgeRedis

/// Commands that are collected and sent in one go; see `Redis.pipeline` and `Redis.transaction`.
public struct CommandBatch {
    var commands: [RESPCommand] = []
    /// The first that cannot be sent, and why.
    var refusal: Redis.Failure?

    /// Any command: `$0.send("INCRBY", "total", 5)`. Those that block, subscribe or change the connection are refused.
    public mutating func send(_ name: String, _ arguments: any RedisArgument...) -> QueuedCommand<Redis.Reply> {
        let command = RESPCommand(name, arguments: arguments.map(ArgumentBytes.init))
        if let reason = SharedConnection.refusal(of: command) {
            refusal = refusal ?? Redis.Failure(.notSent, command: name, reason: reason)
        }
        return queue(StreamCommand(command) { Redis.Reply($0) })
    }

    /// Adds an entry; see `Stream.add`.
    public mutating func add(
        _ fields: EntryFields, to stream: StreamName, id: EntryID? = nil, trimming: Trimming? = nil
    ) -> QueuedCommand<EntryID> { queue(.add(fields, to: stream.bytes, id: id, trimming: trimming)) }

    /// Adds an entry; see `Stream.add`.
    public mutating func add(
        _ fields: EntryFields, to stream: String, id: EntryID? = nil, trimming: Trimming? = nil
    ) -> QueuedCommand<EntryID> { add(fields, to: StreamName(stream), id: id, trimming: trimming) }

    /// Deletes entries; see `Stream.delete`.
    public mutating func delete(_ ids: [EntryID], from stream: String) -> QueuedCommand<Int> {
        queue(.delete(ids, from: stream))
    }

    /// Settles entries of a group; see `GroupStream.acknowledge`.
    public mutating func acknowledge(_ ids: [EntryID], of stream: String, group: String) -> QueuedCommand<Int> {
        queue(.acknowledge(ids, stream: stream, group: group))
    }

    /// How many entries a stream has.
    public mutating func count(of stream: String) -> QueuedCommand<Int> { queue(.length(of: stream)) }

    mutating func queue<Value>(_ command: StreamCommand<Value>) -> QueuedCommand<Value> {
        commands.append(command.command)
        return QueuedCommand(index: commands.count - 1, command: command)
    }
}

/// A command of a batch; stands for the value that its reply will have.
public struct QueuedCommand<Value: Sendable>: Sendable {
    let index: Int
    let command: StreamCommand<Value>

    func result(_ replies: [RedisPool.Reply]) -> Result<Value, Redis.Failure> {
        do throws(Redis.Failure) {
            return .success(try command.decoded(replies[index]))
        } catch {
            return .failure(error)
        }
    }
}
