internal import DequeModule
internal import FootbridgeCurl

/// One connection that comes back by itself, and the calls that wait for it. Belongs to the thread of its loop.
final class CommandLane {
    private let loop: CurlLoop
    private let link: RedisLink
    /// Calls that no connection has taken yet, in their order.
    private var waiting = Deque<RedisCall>()
    private var trouble: RedisError?
    private(set) var isClosed = false
    /// The call, under way or over, that a connection for commands that block was given to last.
    weak var onlyCall: RedisCall?

    /// A connection stands.
    var onUp: (() -> Void)?
    /// The connection is lost, or an attempt to make one failed.
    var onDown: ((RedisError) -> Void)?

    init(loop: CurlLoop, link: RedisLink) {
        self.loop = loop
        self.link = link
    }

    func start() {
        link.onUp = { [unowned self] connection in
            trouble = nil
            onUp?()
            let calls = waiting
            waiting.removeAll()
            for call in calls { send(call, on: connection) }
        }
        link.onDown = { [unowned self] error in
            trouble = error
            onDown?(error)
        }
        link.start()
    }

    /// Whatever waits for a connection fails: no call is sent any more.
    func refuseWaiting() {
        let calls = waiting
        waiting.removeAll()
        for call in calls {
            if let timer = call.timer { loop.cancel(timer) }
            call.fail(.closed)
        }
    }

    /// Where the connection leads, or was to lead last.
    var address: SocketTarget.Address? { link.address }

    /// Closes the connection; calls that have no reply fail.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        link.stop()
        let calls = waiting
        waiting.removeAll()
        for call in calls { call.fail(.closed) }
    }

    /// Sends the call now, or on the next connection if that comes in time.
    func submit(_ call: RedisCall) {
        if isClosed {
            call.fail(.closed)
        } else if let connection = link.connection, connection.isOpen {
            send(call, on: connection)
        } else {
            wait(call)
        }
    }

    var isUp: Bool { link.connection?.isOpen == true }
    var connection: RedisConnection? { link.connection }

    func follow(_ master: SocketTarget.Address) { link.follow(master) }

    private func send(_ call: RedisCall, on connection: RedisConnection) {
        if let timer = call.timer { loop.cancel(timer) }
        call.timer = nil
        call.send(on: connection, of: self)
    }

    private func wait(_ call: RedisCall) {
        waiting.append(call)
        call.lane = self
        call.timer = loop.schedule(after: call.due - .now) { [weak self] in
            guard let self else { return }
            remove(call)
            call.fail(.unsent(trouble))
        }
    }

    private func remove(_ call: RedisCall) {
        // The time of most is over in their order.
        if waiting.first === call {
            waiting.removeFirst()
        } else {
            waiting.removeAll { $0 === call }
        }
    }

    /// A call whose caller has gone is not sent any more.
    func forget(_ call: RedisCall) {
        guard !call.isSent else { return }
        remove(call)
        if let timer = call.timer { loop.cancel(timer) }
        call.fail(.cancelled(wasSent: false))
    }
}
