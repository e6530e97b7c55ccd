internal import FootbridgeCurl
package import FootbridgeRESP
package import FootbridgeRedis

/// What becomes of asking for the lease of a stream.
package struct LeaseReply: Sendable {
    /// Whoever has it; `nil` if nobody does.
    package let lease: LeaseMark?
    /// How long its holder has been silent; `nil` if nobody has it.
    package let idle: Duration?
    /// Where the group stands.
    package let position: EntryID?
}

extension LeaseReply {
    /// The lease, if it is this worker's.
    package func lease(of owner: OwnerMark) -> LeaseMark? {
        lease?.owner.consumer == owner.consumer && lease?.owner.token == owner.token ? lease : nil
    }
}

/// An entry that is pending with whomever, and is the asking consumer's now if it may be.
package struct AdoptedEntry: Sendable {
    package let id: EntryID
    /// Who had it.
    package let consumer: String
    package let idle: Duration
    package let deliveryCount: Int
    /// It is no longer in the stream, and stays where it was.
    package let isTrimmed: Bool
    /// It is a consumer's whose entries are not taken.
    package let isForeign: Bool
    package let fields: EntryFields?
}

/// Lua that looks whether a consumer has the lease, and acts in the same step.
package enum LeaseScript {
    /// The error of a script that was called with a lease that is another's, or nobody's.
    package static let fenced = "FENCED"

    /// With `exists` in front of it: ends the script unless the lease `ARGV[index]` is there. An empty one is not looked for.
    package static func check(_ index: Int) -> String {
        """
        if ARGV[\(index)] ~= '' and not exists(KEYS[1], ARGV[1], ARGV[\(index)]) then
          return redis.error_reply('\(fenced) another consumer has the lease')
        end
        """
    }
}

extension RedisError {
    /// The lease is another's, or nobody's.
    package var isFenced: Bool { serverError?.code == LeaseScript.fenced }
}

extension StreamCommand where Reply == LeaseReply {
    /// Takes the lease if it is free, its holder's name is ours, or its holder has been silent for so long.
    ///
    /// - Parameters:
    ///   - mayTakeFree: if nobody has it.
    ///   - isAcquainted: others had the time to show that they live.
    package static func lease(
        for owner: OwnerMark, mayTakeFree: Bool, isAcquainted: Bool, stream: any RESPArgument, group: String
    ) -> StreamCommand {
        script(
            """
            \(ScriptFunction.row)
            \(ScriptFunction.make)
            local prefix = '\(WellKnownConsumer.leasePrefix)'
            local idle, name, fence, token, ms, holder = {}, nil, 0, nil, 0, nil
            for _, list in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
              local consumer = named(list)
              idle[consumer.name] = consumer.idle
              if string.sub(consumer.name, 1, #prefix) == prefix then
                local f, t, m, h = string.match(consumer.name, '^(%d+):([^:]*):(%d+):(.*)$', #prefix + 1)
                if f and (not name or tonumber(f) > fence) then
                  name, fence, token, ms, holder = consumer.name, tonumber(f), t, tonumber(m), h
                end
              end
            end
            local group = row(redis.call('XINFO', 'GROUPS', KEYS[1]), ARGV[1])
            local position = group and group['last-delivered-id'] or ''
            -- A consumer that was removed may be one that lives, and will be back: the lease shows life for it.
            local silence = name and (idle[holder] or idle[name]) or -1
            if name and holder == ARGV[2] and token == ARGV[3] then return {name, silence, position} end
            local may
            if not name then
              may = ARGV[5] == '1'
            elseif holder == ARGV[2] then
              may = true
            elseif ARGV[6] == '1' then
              may = silence >= math.max(ms, tonumber(ARGV[4]))
            end
            if not may then return {name or '', silence, position} end
            if name then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name) end
            name = prefix .. string.format('%d', fence + 1) .. ':' .. ARGV[3] .. ':' .. ARGV[4] .. ':' .. ARGV[2]
            make(KEYS[1], ARGV[1], name)
            return {name, 0, position}
            """, stream,
            [
                group, owner.consumer, owner.token, owner.claimAfter.wholeMilliseconds, mayTakeFree ? 1 : 0,
                isAcquainted ? 1 : 0,
            ]
        ) { reply in
            guard let parts = reply.elements, parts.count == 3, let name = parts[0].text, let idle = parts[1].integer
            else { return nil }
            return LeaseReply(
                lease: LeaseMark(name), idle: idle < 0 ? nil : .milliseconds(idle),
                position: parts[2].bytes.flatMap(EntryID.init(bytes:)))
        }
    }
}

extension StreamCommand where Reply == [AdoptedEntry] {
    /// Makes a portion of all that is pending the consumer's, whoever has it, in the order of ids and with attempt counts and
    /// delivery times as they are.
    ///
    /// - Parameters:
    ///   - takesAll: also from consumers that no Footbridge named.
    ///   - needsFields: whether to read the entries, too.
    package static func adopt(
        for consumer: String, lease: String, after: EntryBound, count: Int, takesAll: Bool, needsFields: Bool,
        stream: any RESPArgument, group: String
    ) -> StreamCommand {
        script(
            """
            \(ScriptFunction.exists)
            \(ScriptFunction.tellTaken)
            \(LeaseScript.check(3))
            local released, taken = '\(WellKnownConsumer.released)', {}
            local rows, bytes = {}, 0
            for _, row in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[4], '+', ARGV[5])) do
              local owner = row[2]
              local may = owner == ARGV[2] or owner == released or ARGV[6] == '1' or string.match(owner, '^.+%.%d+$')
              local entry = redis.call('XRANGE', KEYS[1], row[1], row[1])[1]
              if may and owner ~= ARGV[2] then
                if entry then
                  redis.call(
                    'XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, row[1], 'IDLE', row[3], 'RETRYCOUNT', row[4], 'JUSTID')
                end
                taken[owner] = true
              end
              for _, part in ipairs(entry and entry[2] or {}) do bytes = bytes + #part end
              local kind = not may and 2 or entry and 0 or 1
              rows[#rows + 1] = {row[1], owner, row[3], row[4], kind, ARGV[7] == '1' and entry or false}
              if bytes > 4194304 then break end
            end
            tellTaken(KEYS[1], ARGV[1], taken)
            return rows
            """, stream,
            [group, consumer, lease, after.argument("-"), count, takesAll ? 1 : 0, needsFields ? 1 : 0]
        ) { reply in
            guard let rows = reply.elements else { return nil }
            let entries = rows.compactMap(AdoptedEntry.init(reply:))
            return entries.count == rows.count ? entries : nil
        }
    }
}

extension AdoptedEntry {
    /// `[id, consumer, idle ms, deliveries, 0 | 1 trimmed | 2 foreign, entry or nil]`
    fileprivate init?(reply: RESPValue) {
        guard let parts = reply.elements, parts.count == 6, let id = parts[0].bytes.flatMap(EntryID.init(bytes:)),
            let consumer = parts[1].text, let idle = parts[2].integer, let count = parts[3].integer,
            let kind = parts[4].integer
        else { return nil }
        self.init(
            id: id, consumer: consumer, idle: .milliseconds(max(0, idle)), deliveryCount: Int(clamping: count),
            isTrimmed: kind == 1, isForeign: kind == 2,
            fields: StreamEntry.decode(parts[5])?.fields)
    }
}
