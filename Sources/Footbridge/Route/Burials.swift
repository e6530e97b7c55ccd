internal import FootbridgeCurl
internal import RedisStreams

/// Gives a route's entries up: what goes into their dead letters, and which entries nobody else has any more.
final class Burials {
    private unowned let route: Route
    /// Held entries that were no longer in their stream when the group was made anew: nobody but us knows of them.
    private var orphans: Set<EntryKey> = []

    init(_ route: Route) { self.route = route }

    /// - Parameter fields: if the table does not hold them.
    func giveUp(
        _ row: EntryTable.Row, _ reason: DeadLetterReason, response: [UInt8] = [], fields: EntryFields? = nil
    ) {
        if route.order?.holds(row, reason) == true {
            let id = route.table.key(row).id
            return route.wait(
                row, for: route.config.retry.longestDelay(attempt: route.table.attempts(row), of: id), isCharged: false)
        }
        route.order?.forget(route.table.key(row))
        bury(
            row, of: route.worker.consumer, reason, attempts: route.table.attempts(row),
            firstAt: route.table.firstAt(row), response: response,
            fields: fields ?? route.table.fields(row) ?? EntryFields([:]))
    }

    /// A pending entry that is no longer in its stream cannot be delivered: its dead letter says that there was one.
    ///
    /// - Parameter consumer: whose entry it is.
    /// - Returns: `false` if it is being buried already.
    func buryTrimmed(_ key: EntryKey, of consumer: String, attempts: Int) -> Bool {
        let row: EntryTable.Row
        if let found = route.table.row(of: key) {
            guard route.table.place(found) != .settling, !route.table.isDoomed(found) else { return false }
            row = found
        } else {
            guard let made = route.table.settle(key, attempts: attempts) else { return false }
            row = made
        }
        bury(row, of: consumer, .trimmed, attempts: attempts, firstAt: Int64(clamping: key.id.milliseconds))
        return true
    }

    /// The same for one that waits here, be it for a dead letter that could not be written: its body has gone.
    func buryGone(_ row: EntryTable.Row) {
        let key = route.table.key(row)
        if route.settler.takeDoomed(key) != nil { route.table.spare(row) }
        _ = buryTrimmed(key, of: route.worker.consumer, attempts: route.table.attempts(row))
    }

    private func bury(
        _ row: EntryTable.Row, of consumer: String, _ reason: DeadLetterReason, attempts: Int, firstAt: Int64,
        response: [UInt8] = [], fields: EntryFields = EntryFields([:])
    ) {
        let (key, config) = (route.table.key(row), route.config)
        var letter = DeadLetter(
            row: row, key: key, stream: route.places[key.stream], route: config.name, group: config.group,
            consumer: consumer, reason: reason, attempts: attempts, firstAt: firstAt,
            lastAt: route.worker.loop.wallMilliseconds, response: response, fields: fields,
            isOwnerless: orphans.remove(key) != nil)
        if route.isReplay(key.stream) {
            letter.original = DeadLetter.Original(stream: config.streams[route.originalStream(key.stream)])
            letter.takeOrigin(route)
        }
        if route.table.place(row) != .settling { route.table.settle(row) }
        route.settler.bury(letter)
        route.worker.loop.atEndOfTurn(route)
    }

    // MARK: - Entries that nobody else has

    /// Entries that went with their group and their stream.
    func disown(_ ids: Set<EntryID>, of stream: Int) {
        guard !ids.isEmpty else { return }
        route.settler.disown(ids, of: stream)
        for id in ids {
            let key = EntryKey(stream: stream, id: id)
            orphans.insert(key)
            guard let row = route.table.row(of: key), route.table.place(row) == .waiting else { continue }
            buryGone(row)
        }
    }

    func isOrphan(_ key: EntryKey) -> Bool { orphans.contains(key) }

    /// Without those that nobody can have any more: they would be missing for ever.
    func withoutOrphans(_ ids: [EntryID], of stream: Int) -> [EntryID] {
        orphans.isEmpty ? ids : ids.filter { !orphans.contains(EntryKey(stream: stream, id: $0)) }
    }

    func orphanCount(of stream: Int) -> Int { orphans.count { $0.stream == stream } }

    func didSettle(_ key: EntryKey) {
        if !orphans.isEmpty { orphans.remove(key) }
        route.order?.forget(key)
    }
}
