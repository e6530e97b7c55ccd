internal import FootbridgeRedis

/// Messages of channels as they are published, without end; made by `Redis.subscribe`.
///
/// For one loop. The client stops listening when nobody holds it any more.
public struct Subscription: AsyncSequence, Sendable {
    public typealias Element = Event
    public typealias Failure = Redis.Failure

    /// What is heard.
    public enum Event: Sendable, Hashable {
        case message(ChannelMessage)
        /// Messages may be missing here.
        case gap(Gap)
    }

    /// Why messages are missing. Redis keeps none for those who do not listen.
    public enum Gap: Sendable, Hashable {
        /// The connection was lost, and has been made again by now.
        case connectionLost(reason: String)
        /// The loop did not keep up: so many events, the oldest, were dropped.
        case overflow(dropped: Int)
    }

    let listening: Listening

    public func makeAsyncIterator() -> Iterator { Iterator(listening: listening) }

    public struct Iterator: AsyncIteratorProtocol {
        let listening: Listening

        /// Waits for the next message; never `nil`.
        ///
        /// - Throws: `cancelled`; `closed`; what the server refuses, such as `notAllowed`.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(Redis.Failure) -> Event? { try await listening.buffer.next() }
    }
}

/// What was published to a channel.
public struct ChannelMessage: Sendable, Hashable {
    public let channelBytes: [UInt8]
    /// What was published.
    public let bytes: [UInt8]
    /// Which pattern the channel's name matched; `nil` if the channel was asked for by name.
    public let pattern: String?

    /// The channel's name.
    public var channel: String { String(decoding: channelBytes, as: UTF8.self) }
    /// What was published, as text; what is no UTF-8 in it is replaced.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension ChannelMessage: CustomStringConvertible {
    /// For people: `news: hello`.
    public var description: String { "\(channel): \(text)" }
}

/// Stops listening with the last reference.
final class Listening: Sendable {
    let buffer: SubscriptionBuffer
    private let pool: RedisPool
    private let listener: PoolListener

    init(_ buffer: SubscriptionBuffer, _ pool: RedisPool, _ listener: PoolListener) {
        self.buffer = buffer
        self.pool = pool
        self.listener = listener
    }

    deinit { pool.stop(listener) }
}

extension Redis {
    /// Listens to channels, on a connection of its own, and returns when the server has confirmed it: what is published from
    /// then on is heard.
    ///
    /// ```swift
    /// for try await event in try await redis.subscribe(to: ["news"], patterns: ["weather.*"]) {
    ///     switch event {
    ///     case .message(let message): print(message.channel, message.text)
    ///     case .gap(let reason): print("some may be missing: \(reason)")
    ///     }
    /// }
    /// ```
    /// `SUBSCRIBE`, `PSUBSCRIBE`; <https://redis.io/docs/latest/develop/pubsub/>. A connection that is lost is made again, and
    /// the loop is told of the gap; what must not be missed belongs in a stream.
    /// - Parameters:
    ///   - patterns: as `KEYS` takes them: `news.*`.
    ///   - buffer: how many events wait for the loop; beyond that the oldest are dropped, and a gap is told.
    /// - Throws: `unreachable` if that is not done within the deadline; `notAllowed`; `notSent` if nothing is named.
    public func subscribe(
        to channels: [String] = [], patterns: [String] = [], buffer: Int = 1000
    ) async throws(Failure) -> Subscription {
        let command = channels.isEmpty ? "PSUBSCRIBE" : "SUBSCRIBE"
        guard !channels.isEmpty || !patterns.isEmpty else {
            throw Failure(.notSent, command: command, reason: "no channel is named")
        }
        let pool = try core.use(command)
        let events = SubscriptionBuffer(limit: buffer, command)
        do throws(CallFailure) {
            let listener = try await pool.listen(
                to: Set(channels).map { Array($0.utf8) }, patterns: Set(patterns).map { Array($0.utf8) },
                deadline: deadline
            ) { events.append($0) }
            return Subscription(listening: Listening(events, pool, listener))
        } catch {
            throw Failure(error, command)
        }
    }

    /// Publishes a message to whoever listens to a channel now; returns how many do. `PUBLISH`
    ///
    /// <https://redis.io/docs/latest/commands/publish/>. Listeners at replicas are not counted.
    @discardableResult
    public func publish(_ message: some RedisArgument, to channel: String) async throws(Failure) -> Int {
        let reply = try await send("PUBLISH", channel, message)
        guard let count = reply.integer else {
            throw Failure(.unexpectedReply, command: "PUBLISH", mayHaveRun: true, reason: "\(reply)")
        }
        return count
    }
}
