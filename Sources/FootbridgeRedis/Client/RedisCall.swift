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

    private let caller = Mutex(Caller.absent)

    private(set) var isSent = false
    private(set) var isSettled = false
    /// Called on the loop, once, when the last reply is there or none is to be expected any more; also if the caller has gone.
    var onSettled: (() -> Void)?
    /// The connection of its own, for a command that blocks.
    weak var lane: CommandLane?
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
        let outcome: [Reply]? = caller.withLock { caller in
            switch caller {
            case .answered(let replies):
                caller = .gone
                return replies
            case .gone: return all(.cancelled)
            case .absent, .waiting:
                caller = .waiting(continuation)
                return nil
            }
        }
        if let outcome { continuation.resume(returning: outcome) }
    }

    /// The caller waits no longer.
    func cancel() { answer(all(.cancelled)) }

    /// The loop takes no calls any more.
    func refuse() { answer(all(.closed)) }

    private func all(_ failure: CallFailure) -> [Reply] { commands.map { _ in .failure(failure) } }

    /// Whether the outcome stands.
    var isOver: Bool {
        caller.withLock { caller in
            switch caller {
            case .answered, .gone: true
            case .absent, .waiting: false
            }
        }
    }

    private func answer(_ replies: @autoclosure () -> [Reply]) {
        let waiting: Continuation? = caller.withLock { caller in
            switch caller {
            case .absent: caller = .answered(replies())
            case .waiting(let continuation):
                caller = .gone
                return continuation
            case .answered, .gone: break
            }
            return nil
        }
        waiting?.resume(returning: replies())
    }

    // MARK: - On the loop

    /// Sends all commands; `onLost` is called if they have to be sent once more.
    func send(on connection: RedisConnection, onLost: @escaping () -> Void) {
        isSent = true
        replies.removeAll(keepingCapacity: true)
        replies.reserveCapacity(commands.count)
        for command in commands {
            connection.send(command, deadline: patience) { [self] in receive($0, onLost) }
        }
    }

    private func receive(_ result: Result<RESPValue, RedisError>, _ onLost: () -> Void) {
        switch result {
        case .success(let value): replies.append(.success(value))
        case .failure(.server(let error)): replies.append(.failure(.server(error)))
        case .failure(let error): replies.append(.failure(.lost(error)))
        }
        guard replies.count == commands.count else { return }
        if case .failure(.lost) = replies.last, mayRepeat, !isOver, .now < due {
            isSent = false
            onLost()
        } else {
            settle(replies)
        }
    }

    func fail(_ failure: CallFailure) { settle(all(failure)) }

    private func settle(_ replies: [Reply]) {
        guard !isSettled else { return }
        isSettled = true
        answer(replies)
        let onSettled = onSettled
        self.onSettled = nil
        onSettled?()
    }
}
