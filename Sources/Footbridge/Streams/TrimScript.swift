internal import FootbridgeRESP
package import RedisStreams

extension StreamCommand where Reply == TrimStep {
    /// Entries that go with one script at most: some milliseconds of the server.
    package static var trimPortion: Int { 10_000 }

    /// Removes entries that all groups of the stream have settled: older than the oldest that is pending in any of them, and than
    /// what any of them gets next. The groups are looked at, and the stream is trimmed, in one step.
    ///
    /// Whole nodes go (`~`, 100 entries by default), and of an age the rest, too. A number that is kept is never gone below.
    ///
    /// Where an entry that stays pending for long is in the way, a server of 8.2 removes what is settled behind it (`ACKED`). It looks at
    /// each entry then: it is given a range, which rises from call to call, and left alone where much is pending.
    ///
    /// - Parameters:
    ///   - required: groups without which nothing is removed. Of the first one the mark has to be `mark`, if that is given.
    ///   - isDry: nothing is removed.
    ///   - behind: where the last call for what lies behind pending entries got to; `nil`: they are not passed.
    package static func trimSettled(
        _ target: TrimTarget, stream: String, required: [String], mark: String? = nil, isDry: Bool = false,
        behind: EntryID? = nil
    ) -> StreamCommand {
        let (form, value) = target.words
        return script(
            """
            \(ScriptFunction.row)
            \(ScriptFunction.markOf)
            local function less(a, b)
              local am, as = string.match(a, '(%d+)-(%d+)')
              local bm, bs = string.match(b, '(%d+)-(%d+)')
              if am == bm then am, bm = as, bs end
              if #am ~= #bm then return #am < #bm end
              return am < bm
            end
            local function following(id)
              local ms, seq = string.match(id, '(%d+)-(%d+)')
              return #seq < 16 and string.format('%s-%.0f', ms, seq + 1) or id
            end
            local form, value, portion, dry, behind = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1', ARGV[5]
            local known, floor, slowest, pending, unread, held, lag = {}, false, false, 0, false, 0, 0
            local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
            for _, list in ipairs(groups) do
              local info = named(list)
              known[info.name] = true
              held = held + info.pending
              lag = lag and info.lag and math.max(lag, info.lag)
              local after, count = following(info['last-delivered-id']), 0
              if not unread or less(after, unread) then unread = after end
              if info.pending > 0 then
                local first = redis.call('XPENDING', KEYS[1], info.name)[2]
                if first and less(first, after) then after, count = first, info.pending end
              end
              if not floor or less(after, floor) then floor, slowest, pending = after, info.name, count end
            end
            local stream = named(redis.call('XINFO', 'STREAM', KEYS[1]))
            local step = {0, stream.length, floor, slowest, pending, 0, '', behind, #groups, '',
              stream['last-generated-id']}
            for i = 7, #ARGV do
              if not known[ARGV[i]] then
                step[10] = ARGV[i]
                return step
              end
            end
            if not floor then return step end
            if ARGV[6] ~= '' and markOf(KEYS[1], ARGV[7]) ~= ARGV[6] then
              step[10] = ARGV[7]
              return step
            end
            local bound = floor
            if form == 'count' then
              portion = math.min(portion, stream.length - tonumber(value))
            else
              local wanted = value
              if form == 'age' then
                local now = redis.call('TIME')
                wanted = string.format('%.0f-0', math.max(0, now[1] * 1000 + math.floor(now[2] / 1000) - tonumber(value)))
              end
              step[7] = wanted
              if less(wanted, bound) then bound = wanted end
            end
            if dry or portion < 1 then return step end
            local most = tonumber(ARGV[3])
            local removed = redis.call('XTRIM', KEYS[1], 'MINID', '~', bound, 'LIMIT', portion)
            if removed * 2 <= portion and (form ~= 'count' or value == '0') then
              removed = removed + redis.call('XTRIM', KEYS[1], 'MINID', bound)
            end
            step[1] = removed
            if removed * 2 > most then
              step[6] = 1
              return step
            end
            if behind == '' or pending == 0 or held > 1000 or removed > 0 then return step end
            local more = 0
            if form == 'count' then
              local keep = lag and math.max(tonumber(value), stream.length - math.floor(most / 2), lag + held)
              if keep and keep < stream.length then
                more = redis.pcall('XTRIM', KEYS[1], 'MAXLEN', keep, 'ACKED')
                if type(more) == 'number' and more * 4 > most then step[6] = 1 end
              end
            else
              local stop = step[7]
              if less(unread, stop) then stop = unread end
              local from = less(behind, floor) and floor or behind
              if less(from, stop) then
                local start, last = tonumber((string.match(from, '%d+'))), tonumber((string.match(stream['last-generated-id'], '%d+')))
                local slice = (last - start) / math.max(1, stream.length) * most / 2
                local upto = string.format('%.0f-0', math.min(9e15, start + math.max(1, math.floor(slice))))
                if less(upto, stop) then step[6] = 1 else upto = stop end
                more = redis.pcall('XTRIM', KEYS[1], 'MINID', upto, 'ACKED')
                step[8] = upto
              else
                more = redis.pcall('XTRIM', KEYS[1], 'MINID', stop, 'ACKED')
              end
            end
            -- Earlier servers do not know ACKED.
            if type(more) ~= 'number' then
              step[6], step[8] = 0, ''
              return step
            end
            step[1] = more
            return step
            """, stream,
            [form, value, trimPortion, isDry ? 1 : 0, behind?.description ?? "", mark ?? ""] + required
        ) { reply in
            guard let parts = reply.elements, parts.count == 11, let removed = parts[0].integer,
                let length = parts[1].integer, let pending = parts[4].integer, let more = parts[5].integer,
                let groups = parts[8].integer, let missing = parts[9].text,
                let lastID = parts[10].bytes.flatMap(EntryID.init(bytes:))
            else { return nil }
            func id(_ index: Int) -> EntryID? { parts[index].bytes.flatMap(EntryID.init(bytes:)) }
            return TrimStep(
                removed: Int(clamping: removed), length: Int(clamping: length), lastID: lastID, floor: id(2),
                slowest: parts[3].text,
                pending: Int(clamping: pending), hasMore: more == 1, wanted: id(6), reached: id(7),
                groups: Int(clamping: groups), missing: missing.isEmpty ? nil : missing)
        }
    }
}
