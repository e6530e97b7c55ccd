internal import FootbridgeCurl
internal import FootbridgeRESP

/// A connection that listens to channels, and comes back by itself.
///
/// <https://redis.io/docs/latest/develop/pubsub/>. Belongs to the thread of its loop; `Sendable` only so that it can be carried
/// there.
public final class PoolListener: @unchecked Sendable {
    /// What is heard.
    public enum Event: Sendable {
        /// - Parameter pattern: which one the channel's name matched; `nil` if the channel was asked for by name.
        case message(channel: [UInt8], payload: [UInt8], pattern: [UInt8]?)
        /// The connection was lost, and is there again: what was published in between nobody heard.
        case gap(RedisError)
        /// The last event.
        case ended(CallFailure)
    }

    public typealias Handler = @Sendable (Event) -> Void

    private let loop: CurlLoop
    private let link: RedisLink
    private let commands: [RESPCommand]
    private let channelCount: Int
    private let patience: Duration
    private let handler: Handler
    private var onStarted: ((Result<Void, CallFailure>) -> Void)?
    private var deadlineTimer: LoopTimer?
    private var pingTimer: LoopTimer?
    /// Of the channels and patterns, how many the server has confirmed on this connection.
    private var confirmed = 0
    private var hasListened = false
    private var trouble: RedisError?
    private(set) var isEnded = false
    var onEnd: (() -> Void)?

    /// A connection on which nothing comes may be dead: it is tried this often.
    private static let pingTime = Duration.seconds(10)

    init(
        loop: CurlLoop, link: RedisLink, channels: [[UInt8]], patterns: [[UInt8]], patience: Duration,
        handler: @escaping Handler
    ) {
        self.loop = loop
        self.link = link
        self.patience = patience
        self.handler = handler
        channelCount = channels.count + patterns.count
        commands = [("SUBSCRIBE", channels), ("PSUBSCRIBE", patterns)].compactMap { name, names in
            names.isEmpty ? nil : RESPCommand(name, arguments: names)
        }
    }

    /// - Parameter completion: called once, when the server has confirmed all, or will not within the deadline.
    func start(_ completion: @escaping (Result<Void, CallFailure>) -> Void) {
        onStarted = completion
        deadlineTimer = loop.schedule(after: patience) { [weak self] in
            guard let self else { return }
            end(.unsent(trouble))
        }
        link.onUp = { [unowned self] in subscribe(on: $0) }
        link.onDown = { [unowned self] error in
            trouble = error
            confirmed = 0
            stopPinging()
        }
        link.start()
    }

    func follow(_ master: SocketTarget.Address) { link.follow(master) }

    func stop() { end(.closed) }

    private func subscribe(on connection: RedisConnection) {
        guard connection.speaksRESP3 else {
            return end(.lost(.unexpectedReply(command: "HELLO", reply: "the server does not speak RESP3")))
        }
        connection.onPush = { [unowned self] in hear($0) }
        for command in commands {
            connection.send(command, deadline: patience) { [weak self] reply in
                // A connection that is lost comes again by itself.
                if case .failure(.server(let error)) = reply { self?.end(.server(error)) }
            }
        }
        schedulePing(connection)
    }

    private func schedulePing(_ connection: RedisConnection) {
        pingTimer = loop.schedule(after: Self.pingTime) { [weak self, weak connection] in
            guard let self, let connection, connection.isOpen else { return }
            connection.send(["PING"], deadline: patience) { _ in }
            schedulePing(connection)
        }
    }

    private func stopPinging() {
        if let pingTimer { loop.cancel(pingTimer) }
        pingTimer = nil
    }

    private func hear(_ push: [RESPValue]) {
        guard !isEnded else { return }
        switch (push.first?.text, push.count) {
        case ("message", 3):
            guard let channel = push[1].bytes, let payload = push[2].bytes else { return }
            handler(.message(channel: Array(channel), payload: Array(payload), pattern: nil))
        case ("pmessage", 4):
            guard let pattern = push[1].bytes, let channel = push[2].bytes, let payload = push[3].bytes else { return }
            handler(.message(channel: Array(channel), payload: Array(payload), pattern: Array(pattern)))
        case ("subscribe", _), ("psubscribe", _):
            confirmed += 1
            if confirmed == channelCount { didConfirm() }
        default: break
        }
    }

    private func didConfirm() {
        if hasListened { handler(.gap(trouble ?? .closed)) }
        hasListened = true
        started(.success(()))
    }

    private func started(_ result: Result<Void, CallFailure>) {
        if let deadlineTimer { loop.cancel(deadlineTimer) }
        deadlineTimer = nil
        let onStarted = onStarted
        self.onStarted = nil
        onStarted?(result)
    }

    private func end(_ failure: CallFailure) {
        guard !isEnded else { return }
        isEnded = true
        stopPinging()
        (link.onUp, link.onDown) = (nil, nil)
        link.connection?.onPush = { _ in }
        // Not now: the connection may be telling of a reply.
        loop.schedule(after: .zero) { [link] in link.stop() }
        started(.failure(failure))
        handler(.ended(failure))
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?()
    }
}
