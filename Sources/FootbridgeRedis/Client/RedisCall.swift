internal import FootbridgeCurl
internal import FootbridgeRESP
internal import Synchronization

/// The commands that one caller waits for together.
///
/// Thread safety: `start`, `cancel` and `isOver` may be called from anywhere; all else belongs to the thread of the loop.
final class RedisCall: @unchecked Sendable {
    typealias Reply = Result<RESPValue, CallFailure>
    typealias Continuation = CheckedContinuation<[Reply], Never>

    private enum Caller {
        /// It will ask later.
        case absent
        case waiting(Continuation)
        /// The outcome stands, and waits for the caller.
        case answered([Reply])
        case gone
    }

    let commands: [RESPCommand]
    /// Whether the commands may run twice: then they are sent again when the connection is lost.
    let mayRepeat: Bool
    /// For how long nothing may come or go once the commands are sent.
    let patience: Duration
    /// Until when they have to be sent.
    let due: MonotonicTime

    /// The caller, and whether the commands are with a connection: told together, so that what is cancelled is either not
    /// sent any more or known to have been.
    private struct Progress {
        var caller = Caller.absent
        var isSent = false

        /// Whether the outcome stands.
        var isOver: Bool {
            switch caller {
            case .answered, .gone: true
            case .absent, .waiting: false
            }
        }
    }

    private let progress = Mutex(Progress())

    private(set) var isSettled = false
    /// Called on the loop, once, when the last reply is there or none is to be expected any more; also if the caller has gone.
    var onSettled: (() -> Void)?
    /// The connection that has it, or that it waits for.
    weak var lane: CommandLane?
    /// Whose connection it goes over, if it is not for all.
    var lease: PoolLease?
    /// Ends the wait for a connection.
    var timer: LoopTimer?
    private var replies: [Reply] = []

    init(_ commands: [RESPCommand], deadline: Duration, patience: Duration, mayRepeat: Bool) {
        self.commands = commands
        self.mayRepeat = mayRepeat
        self.patience = patience
        due = .now + deadline
    }

    // MARK: - From any thread

    /// Takes the caller, and tells it at once if the outcome stands. For a call once.
    func start(_ continuation: Continuation) {
        let outcome: [Reply]? = progress.withLock { progress in
            switch progress.caller {
            case .answered(let replies):
                progress.caller = .gone
                return replies
            case .gone: return all(.cancelled(wasSent: progress.isSent))
            case .absent, .waiting:
                progress.caller = .waiting(continuation)
                return nil
            }
        }
        if let outcome { continuation.resume(returning: outcome) }
    }

    /// The caller waits no longer.
    func cancel() { answer { all(.cancelled(wasSent: $0)) } }

    /// The loop takes no calls any more.
    func refuse() { answer { _ in all(.closed) } }

    private func all(_ failure: CallFailure) -> [Reply] { commands.map { _ in .failure(failure) } }

    /// Whether the outcome stands.
    var isOver: Bool { progress.withLock(\.isOver) }

    /// - Parameter replies: made of whether the commands were sent.
    private func answer(_ replies: (Bool) -> [Reply]) {
        let (waiting, wasSent): (Continuation?, Bool) = progress.withLock { progress in
            switch progress.caller {
            case .absent: progress.caller = .answered(replies(progress.isSent))
            case .waiting(let continuation):
                progress.caller = .gone
                return (continuation, progress.isSent)
            case .answered, .gone: break
            }
            return (nil, false)
        }
        waiting?.resume(returning: replies(wasSent))
    }

    // MARK: - On the loop

    var isSent: Bool { progress.withLock(\.isSent) }

    /// Sends all commands, unless the caller has gone; the lane is asked to send them once more if they are lost and may run
    /// twice.
    func send(on connection: RedisConnection, of lane: CommandLane) {
        let isWanted = progress.withLock { progress in
            progress.isSent = !progress.isOver
            return progress.isSent
        }
        guard isWanted else { return fail(.cancelled(wasSent: false)) }
        self.lane = lane
        replies.removeAll(keepingCapacity: true)
        replies.reserveCapacity(commands.count)
        for command in commands {
            connection.send(command, deadline: patience) { [self] in receive($0) }
        }
    }

    private func receive(_ result: Result<RESPValue, RedisError>) {
        switch result {
        case .success(let value): replies.append(.success(value))
        case .failure(.server(let error)): replies.append(.failure(.server(error)))
        // The lane goes on: it was told to connect elsewhere.
        case .failure(.closed) where lane?.isClosed == false: replies.append(.failure(.lost(.leftServer)))
        case .failure(let error): replies.append(.failure(.lost(error)))
        }
        guard replies.count == commands.count else { return }
        // A reply beyond the limits would be so again.
        let isTooLarge = replies.contains { reply in
            if case .failure(.lost(.protocolViolation(let error))) = reply { error.isLimit } else { false }
        }
        if case .failure(.lost) = replies.last, mayRepeat, !isTooLarge, let lane, !lane.isClosed, !isOver, .now < due {
            progress.withLock { $0.isSent = false }
            lane.submit(self)
        } else {
            settle(replies)
        }
    }

    func fail(_ failure: CallFailure) { settle(all(failure)) }

    private func settle(_ replies: [Reply]) {
        guard !isSettled else { return }
        isSettled = true
        answer { _ in replies }
        let onSettled = onSettled
        self.onSettled = nil
        onSettled?()
    }
}

extension RedisError {
    /// Another server has become the master, so the connection was dropped with what was under way on it.
    fileprivate static let leftServer = RedisError.connection(
        TransportFailure(kind: .disconnected, message: "the connection was given up: another server is the master"))
}
