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

    /// What could not be told of one stream, and is tried again after a pause that grows.
    private struct Rest {
        var handled: [EntryID] = []
        var counts: [WorkBoard.Count] = []
        var triedAt: MonotonicTime?
        var pause = Duration.milliseconds(50)

        var isEmpty: Bool { handled.isEmpty && counts.isEmpty }
        var retryAt: MonotonicTime { triedAt.map { $0 + pause } ?? .now }
    }

    /// Tells what was handled and what counts, until the task is cancelled. A stream in trouble holds up no other.
    func run() async {
        var rests: [Int: Rest] = [:]
        while !Task.isCancelled {
            let next = rests.values.map(\.retryAt).min()
            await board.settlerBell.wait(upTo: next.map { $0 - .now })
            guard !Task.isCancelled else { return }
            if !board.isPortionHandled { await board.settlerBell.wait(upTo: Self.patience) }
            let work = board.takeSettlement()
            for (stream, ids) in work.handled { rests[stream, default: Rest()].handled += ids }
            for (stream, counts) in work.counts { rests[stream, default: Rest()].counts += counts }
            for (stream, rest) in rests where rest.retryAt <= .now || board.isStopped {
                rests[stream] = await settle(rest, stream)
            }
        }
    }

    /// - Returns: what could not be told; `nil` if all could be.
    private func settle(_ rest: Rest, _ stream: Int) async -> Rest? {
        var left = Rest()
        if !rest.handled.isEmpty, await !acknowledge(rest.handled, stream) { left.handled = rest.handled }
        for portion in rest.counts.portions(of: ScriptPortion.usual) where await !write(Array(portion), stream) {
            left.counts += portion
        }
        guard !left.isEmpty else { return nil }
        left.triedAt = .now
        if rest.triedAt != nil { left.pause = min(rest.pause * 2, .seconds(5)) }
        return left
    }

    /// Writes dead letters until the task is cancelled; nothing else waits for them.
    func runLetters() async {
        var left: [WorkBoard.GivenUp] = []
        while !Task.isCancelled {
            await board.letterBell.wait(upTo: left.isEmpty ? nil : Self.letterPause)
            let letters = left + board.takeLetters()
            left = []
            // What Redis refuses for one letter of a stream it refuses for the others, but perhaps for one that is at fault itself:
            // the next time another comes first.
            var (tried, refused): ([WorkBoard.GivenUp], Set<Int>) = ([], [])
            for burial in letters where !Task.isCancelled {
                let stream = burial.key.stream
                if refused.contains(stream) || burial.retryAt.map({ .now < $0 }) ?? false {
                    left.append(burial)
                } else if let (rest, isRefused) = await bury(burial) {
                    tried.append(rest.retried(at: .now + Self.letterPause))
                    if isRefused { refused.insert(stream) }
                }
            }
            left += tried
        }
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

    private func write(_ counts: [WorkBoard.Count], _ stream: Int) async -> Bool {
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

    /// - Returns: what is to be tried again, and whether Redis failed; `nil` if it is done.
    private func bury(_ burial: WorkBoard.GivenUp) async -> (WorkBoard.GivenUp, isRefused: Bool)? {
        var burial = burial
        let (stream, id) = (burial.key.stream, burial.key.id)
        let name = group.streamNames[stream]
        switch await writeLetter(of: &burial) {
        case .again: return (burial, false)
        case .refused: return (burial, true)
        case .written:
            guard await acknowledge([id], stream) else { return (burial, true) }
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
        /// Whose it is shows soon.
        case again
        /// Redis fails, or says no.
        case refused
    }

    private func writeLetter(of burial: inout WorkBoard.GivenUp) async -> Step {
        let (stream, id) = (burial.key.stream, burial.key.id)
        let name = group.streamNames[stream]
        guard !burial.isWritten, let target = options.deadLetters(of: name) else { return .written }
        guard await fetchFields(of: &burial) else { return .refused }
        let layout = LetterLayout(
            reason: burial.reason, attempts: burial.attempts, group: group.name, stream: name.bytes, id: id,
            firstAt: Self.text(id.date), lastAt: Self.text(Date()), fields: burial.fields ?? EntryFields([:]))
        let epoch = await sessions[stream].epoch
        let mayBeWritten = board.beginWriting(burial.key)
        let command: StreamCommand<Burial>
        let next: Step
        if let consumer = burial.consumer, !layout.isTooLongForScript {
            command = .bury(
                id, of: name.bytes, group: group.name, consumer: consumer, as: layout, into: target.bytes,
                mayBeWritten: mayBeWritten, isCopied: burial.isTooLarge)
            next = .settled
        } else {
            command = .addLetter(layout, into: target.bytes)
            next = .written
        }
        switch await redis.ask(command) {
        case .success(.notOurs):
            board.endWriting(burial.key, mayBeWritten: mayBeWritten)
            // It is pending for nobody: only this letter is left of it.
            if board.isDisowned(burial.key) { return await add(layout, to: target, &burial) }
            // Unless the group is another one, which does not know yet what is held here.
            return await sessions[stream].isCertain(ofEpoch: epoch) ? .notOurs : .again
        case .success:
            burial.isWritten = true
            return next
        case .failure(let failure):
            // What the server refuses it has not written: nothing of the script can fail behind that.
            let hasAnswer = !failure.mayHaveRun || failure.serverError != nil
            board.endWriting(burial.key, mayBeWritten: mayBeWritten || !hasAnswer)
            // The session makes the group again, and puts the message back into it.
            if failure.isGroupMissing { return .again }
            tell(failure, stream)
            return .refused
        }
    }

    private func add(
        _ letter: LetterLayout, to target: StreamName, _ burial: inout WorkBoard.GivenUp
    ) async -> Step {
        if case .failure(let failure) = await redis.ask(.addLetter(letter, into: target.bytes)) {
            tell(failure, burial.key.stream)
            return .refused
        }
        burial.isWritten = true
        return .written
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
        // The worker ends.
        guard !failure.isCancelled, !failure.isClosed else { return }
        options.observer?.didFail(failure, of: group.streamNames[stream])
    }
}
