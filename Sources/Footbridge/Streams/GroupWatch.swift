internal import FootbridgeRESP
internal import RedisStreams

/// Where a stream and a group stand, as `XINFO STREAM` and `XINFO GROUPS` tell it together.
struct GroupSurvey: Equatable, Sendable {
    var length: Int
    /// Of the oldest entry; `nil` if the stream is empty.
    var firstID: EntryID?
    /// The highest that the stream ever had.
    var lastID: EntryID
    /// Entries that were ever added.
    var added: Int
    var lastDelivered: EntryID
    /// The group's mark, if it has one.
    var mark: String?
    /// Entries that the group has read; unknown after some moves and deletions.
    var read: Int?

    /// Entries that were removed before the group had read them; `nil` where that cannot be told.
    ///
    /// Not from `lag`: after a trim 7.0 and Valkey count in it what is gone, and 8.2 does not.
    var lostUnread: Int? {
        guard let read else { return nil }
        // An entry that was read stands before the others: what is removed is removed from there first.
        if let firstID, firstID <= lastDelivered { return nil }
        return max(0, added - read - length)
    }
}

/// What changed from one look at a group to the next, and nobody told of: entries that are gone, a group that was moved.
struct GroupWatch {
    enum Finding: Equatable {
        /// Entries were trimmed or deleted before anybody had read them.
        case unreadLost(Int)
        /// `XGROUP SETID` to an earlier id: entries come again.
        case movedBack(to: EntryID)
        /// `XGROUP SETID` to a later id: what it passed over is never delivered.
        case movedForward(to: EntryID)
        /// `XGROUP SETID` beyond the last entry: what is added up to there is never delivered.
        case movedBeyondEnd(to: EntryID, end: EntryID)
    }

    private var last: GroupSurvey?
    private var reported = 0

    mutating func note(_ survey: GroupSurvey) -> [Finding] {
        var findings: [Finding] = []
        if let last, survey.lastDelivered < last.lastDelivered { findings.append(.movedBack(to: survey.lastDelivered)) }
        // Reading on keeps the count of what was read, SETID does not; nor does a deletion in the middle of the stream.
        if let last, survey.lastDelivered > last.lastDelivered, last.read != nil, survey.read == nil,
            survey.lastDelivered <= survey.lastID, survey.added - survey.length == last.added - last.length
        {
            findings.append(.movedForward(to: survey.lastDelivered))
        }
        if survey.lastDelivered > survey.lastID, survey.lastDelivered != last?.lastDelivered {
            findings.append(.movedBeyondEnd(to: survey.lastDelivered, end: survey.lastID))
        }
        if survey.lastDelivered != last?.lastDelivered { reported = 0 }
        if let lost = survey.lostUnread, lost > reported {
            findings.append(.unreadLost(lost - reported))
            reported = lost
        }
        last = survey
        return findings
    }

    /// The server may have been started again: from its append-only file it does not know how many entries a group has read, which
    /// `XGROUP SETID` would make it forget, too.
    mutating func didReconnect() { last?.read = nil }

    /// The group was made anew: it stands elsewhere for a reason.
    mutating func reset() { self = GroupWatch() }
}

extension StreamCommand where Reply == GroupSurvey {
    /// `XINFO STREAM` sends the first and the last entry with their bodies; a script keeps them where they are.
    ///
    /// - Parameter mark: the group's, as far as is known: it is looked for first.
    static func survey(stream: String, group: String, mark: String?) -> StreamCommand {
        script(
            """
            \(ScriptFunction.row)
            \(ScriptFunction.markOf)
            \(ScriptFunction.exists)
            local stream = named(redis.call('XINFO', 'STREAM', KEYS[1]))
            local group = row(redis.call('XINFO', 'GROUPS', KEYS[1]), ARGV[1])
            if not group then return redis.error_reply('NOGROUP no such group') end
            local first = stream['first-entry']
            local mark = ARGV[2]
            if mark == '' or not exists(KEYS[1], ARGV[1], mark) then mark = markOf(KEYS[1], ARGV[1]) end
            return {stream.length, first and first[1] or false, stream['last-generated-id'],
              stream['entries-added'], group['last-delivered-id'], mark, group['entries-read']}
            """, stream, [group, mark ?? ""]
        ) { reply in
            guard let parts = reply.elements, parts.count >= 6, let length = parts[0].integer,
                let lastID = parts[2].bytes.flatMap(EntryID.init(bytes:)), let added = parts[3].integer,
                let lastDelivered = parts[4].bytes.flatMap(EntryID.init(bytes:))
            else { return nil }
            return GroupSurvey(
                length: Int(clamping: length), firstID: parts[1].bytes.flatMap(EntryID.init(bytes:)), lastID: lastID,
                added: Int(clamping: added), lastDelivered: lastDelivered,
                mark: parts[5].text, read: parts.count > 6 ? parts[6].integer.map(Int.init(clamping:)) : nil)
        }
    }
}
