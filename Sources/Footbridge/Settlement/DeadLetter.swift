internal import RedisStreams

/// An entry on its way to the dead-letter stream, with all that is known of its end.
struct DeadLetter {
    let row: EntryTable.Row
    let key: EntryKey
    let stream: String
    let route: String
    let group: String
    let consumer: String
    let reason: DeadLetterReason
    let attempts: Int
    /// Milliseconds since 1970.
    let firstAt: Int64
    let lastAt: Int64
    /// The head of the last response's body.
    var response: [UInt8]
    var fields: EntryFields
    /// Whether the entry went with its group and its stream: then nobody has it, and no owner is to be checked.
    var isOwnerless = false
    /// It is sent again though it was written before: replicas may not have it.
    var wasWritten = false
    /// It was sent, and no answer came: if the entry is gone, it went into this letter.
    var mayBeWritten = false
    /// Of an entry that was replayed: what it is a letter of.
    var original: Original?

    struct Original {
        let stream: String
        /// `nil` while it is not known: the entry's fields say it.
        var id: EntryID?
        var replays = 0
    }

    /// The stream by which the place of the letter is found.
    var home: String { original?.stream ?? stream }
    /// What people know the entry by.
    var shown: (stream: String, id: EntryID) {
        guard let original, let id = original.id else { return (stream, key.id) }
        return (original.stream, id)
    }

    /// Of a replayed entry whose fields have just come: finds out which it is, and keeps its own.
    mutating func takeOrigin(_ route: Route) {
        guard original != nil, let origin = (try? route.origin(of: key, fields)) ?? nil else { return }
        original?.id = origin.key.id
        original?.replays = origin.replay.count
        fields = origin.fields
    }

    var isTrimmed: Bool { reason == .trimmed }
    /// What is kept of it while it cannot be written.
    var withoutBody: DeadLetter {
        var letter = self
        letter.fields = EntryFields([:])
        letter.response = Array(response.prefix(256))
        return letter
    }

    /// The fields of the dead letter.
    var layout: LetterLayout {
        var layout = LetterLayout(
            reason: reason.text, status: reason.status, attempts: attempts, route: route, stream: shown.stream,
            id: shown.id, firstAt: LogTime.iso8601(milliseconds: firstAt),
            lastAt: LogTime.iso8601(milliseconds: lastAt), fields: fields)
        layout.replays = original?.replays ?? 0
        layout.response = response
        return layout
    }

    /// Moves the entry in one atomic step (`StreamCommand.bury`), or adds the letter alone, to be acknowledged then.
    func command(into target: String) -> StreamCommand<Burial> {
        if goesInTwoSteps { return .addLetter(layout, into: target) }
        return .bury(
            key.id, of: stream, group: group, consumer: consumer, as: layout, into: target,
            mayBeWritten: mayBeWritten, isDeleted: original != nil)
    }

    /// Added, then acknowledged. Killed in between, the entry is buried twice, never lost.
    var goesInTwoSteps: Bool { isOwnerless || layout.isTooLongForScript }
}
