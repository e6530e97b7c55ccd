internal import FootbridgeCurl
package import FootbridgeRESP

extension StreamCommand where Reply == String {
    /// Gives a group its mark unless it has one; returns the name of the one that it has.
    ///
    /// A new mark ends in `@` and where the group stands: nobody that takes part in marking has read with it yet.
    ///
    /// - Parameter isPlaceKnown: the group was made again where it had stood: then the mark has no such end.
    package static func mark(_ mark: String, isPlaceKnown: Bool, stream: any RESPArgument, group: String)
        -> StreamCommand
    {
        script(
            """
            \(ScriptFunction.row)
            \(ScriptFunction.markOf)
            \(ScriptFunction.make)
            local mark = markOf(KEYS[1], ARGV[1])
            if mark then return mark end
            local group = row(redis.call('XINFO', 'GROUPS', KEYS[1]), ARGV[1])
            mark = ARGV[3] == '1' and ARGV[2] or ARGV[2] .. '@' .. group['last-delivered-id']
            make(KEYS[1], ARGV[1], mark)
            return mark
            """, stream, [group, mark, isPlaceKnown ? 1 : 0]
        ) { $0.text }
    }

    /// Enters a worker's process into the group, unless another process of that name is in it: then its token is returned.
    ///
    /// - Parameters:
    ///   - replacing: the token of a process that is known to be gone, or the own one.
    ///   - isTold: the process knows what others have taken; what tells of it goes.
    package static func register(
        _ owner: OwnerMark, replacing: String, isTold: Bool = false, stream: any RESPArgument, group: String
    ) -> StreamCommand {
        script(
            """
            \(ScriptFunction.make)
            local found = false
            for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
              local name = row[2]
              local rest, token, consumer = string.match(name, '^\(WellKnownConsumer.ownerPrefix)(([^:]*):%d+:(.*))$')
              if consumer == ARGV[2] then
                if name == ARGV[3] then
                  found = true
                elseif token == ARGV[4] or token == ARGV[5] then
                  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name)
                  if token == ARGV[5] then
                    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], '\(WellKnownConsumer.takenPrefix)' .. rest)
                  end
                else
                  return token
                end
              end
            end
            if ARGV[6] ~= '' then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[6]) end
            if not found then make(KEYS[1], ARGV[1], ARGV[3]) end
            return ARGV[4]
            """, stream, [group, owner.consumer, owner.name, owner.token, replacing, isTold ? owner.taken : ""]
        ) { $0.text }
    }
}

extension StreamCommand where Reply == Int {
    /// Makes a group again where it is known to have stood, with its mark, in one step: without it, whoever meets the group
    /// first would take it for a new one, and put it back to where its own reading ended.
    ///
    /// Fails as `XGROUP CREATE` does: `BUSYGROUP` if it is there.
    package static func makeGroupAgain(
        _ mark: String, from position: GroupPosition, stream: any RESPArgument, group: String
    ) -> StreamCommand {
        script(
            """
            redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], ARGV[2], 'MKSTREAM')
            return redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], ARGV[1], ARGV[3])
            """, stream, [group, position.argument, mark]
        ) { $0.integer.map(Int.init(clamping:)) }
    }

    /// Shows life for consumers that nobody reads with, so that nobody's clean-up takes them for dead; those that are there.
    package static func touch(_ names: [String], stream: any RESPArgument, group: String) -> StreamCommand {
        script(
            """
            \(ScriptFunction.exists)
            local touched = 0
            for i = 2, #ARGV do
              if exists(KEYS[1], ARGV[1], ARGV[i]) then
                redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[i], 'COUNT', 1, 'STREAMS', KEYS[1], '\(UInt64.max)-0')
                touched = touched + 1
              end
            end
            return touched
            """, stream, [group] + names
        ) { $0.integer.map(Int.init(clamping:)) }
    }

    /// Removes consumers that have nothing pending and were silent for so long; returns how many.
    ///
    /// `XGROUP DELCONSUMER` by itself drops what is pending: those entries would be lost to the group. Where the list is very
    /// long, silence is not looked at again: the caller has just done so.
    package static func removeConsumers(
        _ names: [String], silentFor silence: Duration, stream: any RESPArgument, group: String
    ) -> StreamCommand {
        script(
            """
            \(ScriptFunction.row)
            \(ScriptFunction.exists)
            local info = row(redis.call('XINFO', 'GROUPS', KEYS[1]), ARGV[1])
            if not info then return redis.error_reply('NOGROUP no such group') end
            local removed, alive = 0, {}
            if info.consumers <= 1000 then
              for _, list in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
                local consumer = named(list)
                if consumer.idle < tonumber(ARGV[2]) then alive[consumer.name] = true end
              end
            end
            for i = 3, #ARGV do
              local name = ARGV[i]
              if not alive[name] and exists(KEYS[1], ARGV[1], name)
                and #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, name) == 0 then
                redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name)
                removed = removed + 1
              end
            end
            return removed
            """, stream, [group, silence.wholeMilliseconds] + names
        ) { $0.integer.map(Int.init(clamping:)) }
    }

    /// Puts the group back to where it is known to have stood, if nobody has read on with it: it stands where its mark was
    /// made, and no consumer has anything pending behind `position`. Returns 1 if it did, else 0.
    package static func putBack(to position: EntryID, mark: GroupMark, stream: any RESPArgument, group: String)
        -> StreamCommand
    {
        script(
            """
            \(ScriptFunction.row)
            \(ScriptFunction.markOf)
            local group = row(redis.call('XINFO', 'GROUPS', KEYS[1]), ARGV[1])
            if not group or markOf(KEYS[1], ARGV[1]) ~= ARGV[3] or group['last-delivered-id'] ~= ARGV[4] then return 0 end
            if #redis.call('XPENDING', KEYS[1], ARGV[1], '(' .. ARGV[2], '+', 1) > 0 then return 0 end
            redis.call('XGROUP', 'SETID', KEYS[1], ARGV[1], ARGV[2])
            return 1
            """, stream, [group, position.argument, mark.name, mark.origin ?? ""]
        ) { $0.integer.map(Int.init(clamping:)) }
    }
}
