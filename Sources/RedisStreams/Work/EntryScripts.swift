internal import FootbridgeCurl
package import FootbridgeRESP
internal import FootbridgeRedis

/// What a script did with one pending entry.
package struct MovedEntry: Sendable {
    package let id: EntryID
    package let idle: Duration
    package let deliveryCount: Int
    /// It is no longer in the stream, and stays where it was.
    package let isTrimmed: Bool
}

/// What a consumer has, of the entries that were asked for.
package struct OwnEntries: Sendable {
    package var ids: Set<EntryID>
    /// The group's.
    package let mark: String?
    /// Others have taken entries over: `OwnerMark.taken` is there.
    package let isTaken: Bool
    /// The worker's mark is not there: others have removed it with its consumer, or a clean-up has.
    package let isUnmarked: Bool
    /// The lease that was asked for is another's, or nobody's.
    package let isLeaseLost: Bool
}

/// What a group that was made anew does with an entry that was held when the old one went.
package enum Restored: Int64, Sendable {
    /// It is among the pending ones again.
    case own
    /// It is another consumer's, or unread: others have it, or will.
    case others
    /// It is no longer in the stream.
    case gone
}

/// What `StreamCommand.fetch` brings.
package struct FetchedEntries: Sendable {
    /// How many were looked at, from the first on: the others would have been too many bytes at once.
    package let looked: Int
    /// Those that are the consumer's; fields are `nil` for what is no longer in the stream.
    package let entries: [(id: EntryID, fields: EntryFields?)]
}

extension StreamCommand where Reply == FetchedEntries {
    /// Reads entries for their next attempt and writes the number of that attempt, for those that are the consumer's.
    package static func fetch(
        _ entries: [(id: EntryID, attempt: Int)], stream: any RESPArgument, group: String, consumer: String
    ) -> StreamCommand {
        var arguments: [any RESPArgument] = [group, consumer]
        for entry in entries { arguments += [entry.id.argument, entry.attempt] as [any RESPArgument] }
        return script(
            """
            local got, looked, bytes = {}, 0, 0
            for i = 3, #ARGV, 2 do
              local id = ARGV[i]
              looked = looked + 1
              if redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])[1] then
                local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
                if entry then
                  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'RETRYCOUNT', ARGV[i + 1], 'JUSTID')
                end
                got[#got + 1] = entry or {id, false}
                for _, part in ipairs(entry and entry[2] or {}) do bytes = bytes + #part end
                if bytes > 4194304 then break end
              end
            end
            return {looked, got}
            """, stream, arguments
        ) { reply in
            guard let parts = reply.elements, parts.count == 2, let looked = parts[0].integer,
                let rows = parts[1].elements
            else { return nil }
            let entries = rows.compactMap(StreamEntry.decode)
            guard entries.count == rows.count else { return nil }
            return FetchedEntries(looked: Int(clamping: looked), entries: entries)
        }
    }
}

extension StreamCommand where Reply == OwnEntries {
    /// Which entries of a range are the consumer's, from the first on as many as fit, and who the group is.
    package static func own(
        from: EntryBound, to last: EntryID, stream: any RESPArgument, group: String, owner: OwnerMark, lease: LeaseMark?
    ) -> StreamCommand {
        script(
            """
            \(ScriptFunction.markOf)
            \(ScriptFunction.exists)
            local ids = {}
            for _, row in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[4], 1000, ARGV[2])) do
              ids[#ids + 1] = row[1]
            end
            local marked, taken = exists(KEYS[1], ARGV[1], ARGV[5]), exists(KEYS[1], ARGV[1], ARGV[6])
            local leased = ARGV[7] == '' or exists(KEYS[1], ARGV[1], ARGV[7])
            return {ids, taken and 1 or 0, marked and 0 or 1, markOf(KEYS[1], ARGV[1]), leased and 1 or 0}
            """, stream,
            [group, owner.consumer, from.argument("-"), last.argument, owner.name, owner.taken, lease?.name ?? ""]
        ) { reply in
            guard let parts = reply.elements, parts.count == 5, let rows = parts[0].elements else { return nil }
            let ids = rows.compactMap { $0.bytes.flatMap(EntryID.init(bytes:)) }
            guard ids.count == rows.count else { return nil }
            return OwnEntries(
                ids: Set(ids), mark: parts[3].text, isTaken: parts[1].integer == 1, isUnmarked: parts[2].integer == 1,
                isLeaseLost: parts[4].integer == 0)
        }
    }
}

extension StreamCommand where Reply == [Restored] {
    /// Puts what a consumer holds back among the pending of a group that does not know it: `XCLAIM … FORCE`.
    ///
    /// Not what others have read again meanwhile, or are going to. The reply tells of each entry, in their order.
    package static func restore(
        _ held: [(id: EntryID, attempts: Int)], stream: any RESPArgument, group: String, consumer: String
    ) -> StreamCommand {
        var arguments: [any RESPArgument] = [group, consumer]
        for entry in held { arguments += [entry.id.argument, entry.attempts] as [any RESPArgument] }
        return script(
            """
            \(ScriptFunction.row)
            local group = row(redis.call('XINFO', 'GROUPS', KEYS[1]), ARGV[1])
            if not group then return redis.error_reply('NOGROUP no such group') end
            local last, done = group['last-delivered-id'], {}
            for i = 3, #ARGV, 2 do
              local id = ARGV[i]
              local row = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
              local what = \(Restored.own.rawValue)
              if row then
                if row[2] ~= ARGV[2] then what = \(Restored.others.rawValue) end
              elseif #redis.call('XRANGE', KEYS[1], id, id) == 0 then
                what = \(Restored.gone.rawValue)
              elseif #redis.pcall('XRANGE', KEYS[1], '(' .. last, id, 'COUNT', 1) == 1 then
                what = \(Restored.others.rawValue)
              else
                redis.call(
                  'XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'FORCE', 'RETRYCOUNT', ARGV[i + 1], 'JUSTID')
              end
              done[#done + 1] = what
            end
            return done
            """, stream, arguments
        ) { reply in
            guard let rows = reply.elements, rows.count == held.count else { return nil }
            let done = rows.compactMap { $0.integer.flatMap(Restored.init(rawValue:)) }
            return done.count == rows.count ? done : nil
        }
    }
}

extension StreamCommand where Reply == Int {
    /// Writes attempt counts of entries that are the consumer's, which also starts their wait: delivery time = now.
    ///
    /// Returns how many were not its own.
    package static func setAttempts(
        _ counts: [(id: EntryID, attempts: Int)], stream: any RESPArgument, group: String, consumer: String
    ) -> StreamCommand {
        var arguments: [any RESPArgument] = [group, consumer]
        for count in counts { arguments += [count.id.argument, count.attempts] as [any RESPArgument] }
        return script(
            """
            local others = 0
            for i = 3, #ARGV, 2 do
              local id = ARGV[i]
              if not redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])[1] then
                others = others + 1
              elseif #redis.call('XRANGE', KEYS[1], id, id) == 1 then
                redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'RETRYCOUNT', ARGV[i + 1], 'JUSTID')
              end
            end
            return others
            """, stream, arguments
        ) { $0.integer.map(Int.init(clamping:)) }
    }
}

extension StreamCommand where Reply == [MovedEntry] {
    /// Moves a portion of one consumer's entries to another, with attempt counts and delivery times as they are; nothing if
    /// the consumer has shown life within `silence`.
    ///
    /// A consumer `OwnerMark.taken` tells of it: should the process live, it knows by that.
    ///
    /// Returns what it looked at, in the order of ids: empty when there is no more after `after`.
    package static func move(
        from: String, to: String, silentFor silence: Duration, after: EntryBound, count: Int, stream: any RESPArgument,
        group: String
    ) -> StreamCommand {
        script(
            """
            \(ScriptFunction.row)
            \(ScriptFunction.tellTaken)
            local consumers = redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
            local owner = row(consumers, ARGV[2])
            if owner and owner.idle < tonumber(ARGV[5]) then return {} end
            local moved, bytes = {}, 0
            for _, row in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[6], '+', ARGV[4], ARGV[2])) do
              local entry = redis.call('XRANGE', KEYS[1], row[1], row[1])[1]
              if entry then
                redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, row[1], 'IDLE', row[3], 'RETRYCOUNT', row[4], 'JUSTID')
                for _, part in ipairs(entry[2]) do bytes = bytes + #part end
              end
              moved[#moved + 1] = {row[1], row[3], row[4], entry and 0 or 1}
              if bytes > 4194304 then break end
            end
            tellTaken(KEYS[1], ARGV[1], #moved > 0 and {[ARGV[2]] = true} or {})
            return moved
            """, stream, [group, from, to, count, silence.wholeMilliseconds, after.argument("-")]
        ) { reply in
            guard let rows = reply.elements else { return nil }
            let moved = rows.compactMap(MovedEntry.init(reply:))
            return moved.count == rows.count ? moved : nil
        }
    }
}

extension MovedEntry {
    /// `[id, idle ms, deliveries, 1 if it is trimmed]`
    fileprivate init?(reply: RESPValue) {
        guard let parts = reply.elements, parts.count == 4, let id = parts[0].bytes.flatMap(EntryID.init(bytes:)),
            let idle = parts[1].integer, let count = parts[2].integer, let isTrimmed = parts[3].integer
        else { return nil }
        self.init(
            id: id, idle: .milliseconds(max(0, idle)), deliveryCount: Int(clamping: count), isTrimmed: isTrimmed == 1)
    }
}

/// What a read of a backlog brings.
package struct BacklogRead: Sendable {
    package let entries: [StreamEntry]
    /// There may be more.
    package let hasMore: Bool
}

extension StreamCommand where Reply == BacklogRead {
    /// Reads new entries without waiting, four at a time until there are `count`, or as many bytes.
    ///
    /// `XREADGROUP` knows no bound in bytes: asked for a hundred entries it sends a hundred, also of 8 MB each.
    ///
    /// - Parameter lease: without it nothing is read (`LeaseScript.fenced`); `nil` if the stream needs none.
    package static func backlog(
        count: Int, bytes: Int, stream: any RESPArgument, group: String, consumer: String, lease: LeaseMark?
    ) -> StreamCommand {
        script(
            """
            \(lease == nil ? "" : ScriptFunction.exists)
            \(lease == nil ? "" : LeaseScript.check(5))
            local got, size, count, bytes = {}, 0, tonumber(ARGV[3]), tonumber(ARGV[4])
            while #got < count and size < bytes do
              local wanted = math.min(4, count - #got)
              local reply = redis.call(
                'XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', wanted, 'STREAMS', KEYS[1], '>')
              local entries = reply and reply[1][2] or {}
              for _, entry in ipairs(entries) do
                got[#got + 1] = entry
                for _, part in ipairs(entry[2]) do size = size + #part end
              end
              if #entries < wanted then return {0, got} end
            end
            return {1, got}
            """, stream, [group, consumer, count, bytes] + (lease.map { [$0.name] } ?? [])
        ) { reply in
            guard let parts = reply.elements, parts.count == 2, let more = parts[0].integer,
                let rows = parts[1].elements
            else { return nil }
            let entries = rows.compactMap { row -> StreamEntry? in
                guard let entry = StreamEntry.decode(row), let fields = entry.fields else { return nil }
                return StreamEntry(id: entry.id, fields: fields)
            }
            return entries.count == rows.count ? BacklogRead(entries: entries, hasMore: more == 1) : nil
        }
    }
}
