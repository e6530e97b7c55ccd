internal import FootbridgeCurl
internal import FootbridgeRedis
internal import Logging
internal import RedisStreams

/// Removes from a stream what all of its groups have settled, as far as the route does not keep it (`trim`).
///
/// Any instance may do so at any time: a script looks at all groups and trims in one step. But what a group needs shows in it only once
/// those that hold its entries have put them back, should it have been destroyed and made anew; until they have had the time for it,
/// nothing is removed.
final class Trimming: SessionPart {
    unowned let session: StreamSession
    private let target: TrimTarget
    /// The group that the stream has been read with, and since when.
    private var mark: String?
    private var knownSince = MonotonicTime.now
    private var nextAt: MonotonicTime?
    private var isUnderWay = false
    /// How far what lies behind pending entries has been removed; `nil` if the server cannot do so.
    private var behind: EntryID? = .zero
    private var trouble: String?

    /// From one look to the next.
    static let interval = Duration.seconds(10)
    /// Between portions: others want something of the server, too.
    private static let pause = Duration.milliseconds(20)

    init?(_ session: StreamSession) {
        guard let trim = session.route.config.trim, !session.isReplay else { return nil }
        self.session = session
        target = .keep(trim.keep)
    }

    /// A round of the session: its group is known.
    func look(on connection: RedisConnection) {
        guard session.machine.isOpen, let mark = session.machine.mark?.name else { return }
        let now = worker.loop.now
        if mark != self.mark { (self.mark, knownSince) = (mark, now) }
        guard now - knownSince >= route.config.claimAfter, nextAt.map({ now >= $0 }) ?? true else { return }
        nextAt = now + Self.interval
        trim(mark, on: connection)
    }

    private func trim(_ mark: String, on connection: RedisConnection) {
        guard !isUnderWay else { return }
        isUnderWay = true
        // A route that has not made its group yet may want all that is there.
        let others = worker.groups(reading: name).filter { $0 != group }
        connection.send(
            .trimSettled(target, stream: name, required: [group] + others, mark: mark, behind: behind)
        ) { [weak self] result in
            guard let self else { return }
            isUnderWay = false
            switch result {
            case .success(let step): did(step, mark)
            case .failure(let error): refuse(error)
            }
        }
    }

    private func did(_ step: TrimStep, _ mark: String) {
        trouble = nil
        behind = step.reached
        route.counters.removed += step.removed
        if step.removed > 0 {
            logger.debug(
                "settled entries were removed",
                metadata: [
                    LogKeys.stream: "\(name)", LogKeys.count: .stringConvertible(step.removed),
                ])
        }
        guard step.hasMore else { return }
        worker.loop.schedule(after: Self.pause) { [weak self] in
            guard let self, !route.isDraining, session.machine.isOpen, session.machine.mark?.name == mark,
                let connection = worker.commands.connection
            else { return }
            trim(mark, on: connection)
        }
    }

    /// Told once; tried again at the next look.
    private func refuse(_ error: RedisError) {
        // What the session meets itself it mends itself.
        guard !error.endsConnection, error.serverError?.kind != .noGroup else { return }
        var text = error.words
        // A script is refused in other words than a command.
        if text.contains("NOPERM") || text.contains("can't run this command") {
            text += "; its user needs +xtrim +time"
        }
        guard trouble != text else { return }
        trouble = text
        logger.error(
            "cannot trim", metadata: [LogKeys.stream: "\(name)", LogKeys.error: "\(text)"])
    }
}
