internal import FootbridgeCurl

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Tells Redis what became of messages: acknowledges them together, writes counts of attempts that failed, and moves to the
/// dead letters what is given up.
struct WorkerSettler: Sendable {
    let group: ConsumerGroup
    let consumer: String
    let options: ProcessOptions
    let board: WorkBoard
    let sessions: [WorkerSession]

    private var redis: Redis { group.redis }

    /// How long a message that was handled may wait for others.
    private static let patience = Duration.milliseconds(2)
    /// Between two tries to write a letter that cannot be written.
    private static let letterPause = Duration.milliseconds(500)

    /// Until the task is cancelled.
    func run() async {
        var pause = Duration.milliseconds(50)
        while !Task.isCancelled {
            await board.settlerBell.wait(upTo: board.hasLetters ? Self.letterPause : nil)
            guard !Task.isCancelled else { return }
            if !board.isPortionHandled { await board.settlerBell.wait(upTo: Self.patience) }
            // What could not be told is tried again after a pause that grows.
            while await !settleAll(), !Task.isCancelled {
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
            pause = .milliseconds(50)
        }
    }

    /// - Returns: whether all could be told, but for letters, which nothing else waits for.
    private func settleAll() async -> Bool {
        let work = board.takeSettlement()
        var left = WorkBoard.Settlement()
        for (stream, ids) in work.handled where await !acknowledge(ids, stream) { left.handled[stream] = ids }
        for (stream, counts) in work.counts {
            for portion in counts.portions(of: ScriptPortion.usual) where await !write(Array(portion), stream) {
                left.counts[stream, default: []] += portion
            }
        }
        for burial in work.letters {
            if let retryAt = burial.retryAt, .now < retryAt {
                left.letters.append(burial)
            } else if var rest = await bury(burial) {
                rest.retryAt = .now + Self.letterPause
                left.letters.append(rest)
            }
        }
        board.putBack(left)
        return left.handled.isEmpty && left.counts.isEmpty
    }

    private func acknowledge(_ ids: [EntryID], _ stream: Int) async -> Bool {
        switch await redis.ask(.acknowledge(ids, stream: group.streamNames[stream].bytes, group: group.name)) {
        // With its group, all that was pending is gone.
        case .failure(let failure) where !failure.isGroupMissing:
            tell(failure, stream)
            return false
        default: break
        }
        board.didSettle(ids, stream)
        return true
    }

    private func write(_ counts: [(id: EntryID, attempts: Int, due: MonotonicTime)], _ stream: Int) async -> Bool {
        let command = StreamCommand.setAttempts(
            counts.map { ($0.id, $0.attempts) }, stream: group.streamNames[stream].bytes, group: group.name,
            consumer: consumer)
        if case .failure(let failure) = await redis.ask(command), !failure.isGroupMissing {
            tell(failure, stream)
            return false
        }
        board.didCount(counts, stream)
        return true
    }

    /// - Returns: what is to be tried again; `nil` if it is done.
    private func bury(_ burial: WorkBoard.GivenUp) async -> WorkBoard.GivenUp? {
        var burial = burial
        let (stream, id) = (burial.key.stream, burial.key.id)
        let name = group.streamNames[stream]
        switch await writeLetter(of: &burial) {
        case .again: return burial
        case .written:
            guard await acknowledge([id], stream) else { return burial }
            options.observer?.didBury(id, of: name, because: burial.reason)
        case .settled:
            board.didSettle([id], stream)
            options.observer?.didBury(id, of: name, because: burial.reason)
        case .notOurs:
            board.didSettle([id], stream)
            options.observer?.didLose(id, of: name, isRunning: false)
        }
        return nil
    }

    /// How far a burial has come.
    private enum Step {
        /// The letter is there, if there is to be one; the entry is still to be acknowledged.
        case written
        case settled
        /// Another consumer has it, or it was settled before.
        case notOurs
        case again
    }

    private func writeLetter(of burial: inout WorkBoard.GivenUp) async -> Step {
        let (stream, id) = (burial.key.stream, burial.key.id)
        let name = group.streamNames[stream]
        guard !burial.isWritten, let target = options.deadLetters(of: name) else { return .written }
        guard await fetchFields(of: &burial) else { return .again }
        let layout = LetterLayout(
            reason: burial.reason, attempts: burial.attempts, group: group.name, stream: name.bytes, id: id,
            firstAt: Self.text(id.date), lastAt: Self.text(Date()), fields: burial.fields ?? EntryFields([:]))
        let command: StreamCommand<Burial>
        let next: Step
        if let consumer = burial.consumer, !layout.isTooLongForScript {
            command = .bury(
                id, of: name.bytes, group: group.name, consumer: consumer, as: layout, into: target.bytes,
                mayBeWritten: burial.mayBeWritten, isCopied: burial.isTooLarge)
            next = .settled
        } else {
            command = .addLetter(layout, into: target.bytes)
            next = .written
        }
        let epoch = await sessions[stream].epoch
        switch await redis.ask(command) {
        case .success(.notOurs):
            // Unless the group is another one, which does not know yet what is held here.
            return await sessions[stream].isCertain(ofEpoch: epoch) ? .notOurs : .again
        case .success:
            burial.isWritten = true
            return next
        // The session makes the group again, and puts the message back into it.
        case .failure(let failure) where failure.isGroupMissing: return .again
        case .failure(let failure):
            tell(failure, stream)
            burial.mayBeWritten = true
            return .again
        }
    }

    /// - Returns: `false` if the server has to be asked again.
    private func fetchFields(of burial: inout WorkBoard.GivenUp) async -> Bool {
        guard burial.fields == nil, !burial.isTrimmed, !burial.isTooLarge else { return true }
        let (stream, id) = (burial.key.stream, burial.key.id)
        let name = group.streamNames[stream].bytes
        switch await redis.ask(.range(name, from: .included(id), to: .included(id), count: 1)) {
        case .success(let entries): burial.fields = entries.first?.fields
        case .failure(let failure) where failure.kind == .replyTooLarge: burial.isTooLarge = true
        case .failure(let failure):
            tell(failure, stream)
            return false
        }
        return true
    }

    private static func text(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private func tell(_ failure: Redis.Failure, _ stream: Int) {
        options.observer?.didFail(failure, of: group.streamNames[stream])
    }
}
