import TestSupport

/// Damage done in one step, with a record of exactly what it hit.
extension Control {
    struct Destroyed {
        /// Up to where the group had read.
        let lastDelivered: EntryID
        let pending: Int
    }

    /// Destroys the group of one stream, unless it has pending entries of others than `living`: nobody would remember those.
    ///
    /// - Parameter living: names of consumers.
    func destroyGroup(in stream: Int, living: [String]) throws -> Destroyed? {
        let reply = try script(
            """
            local living = {}
            for i = 2, #ARGV do living[ARGV[i]] = true end
            local summary = redis.call('XPENDING', KEYS[1], ARGV[1])
            for _, row in ipairs(summary[4] or {}) do if not living[row[1]] then return false end end
            for _, row in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
              local info = {}
              for i = 1, #row, 2 do info[row[i]] = row[i + 1] end
              if info.name == ARGV[1] then
                redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[1])
                return {info['last-delivered-id'], summary[1]}
              end
            end
            return false
            """, stream: stream, living)
        guard let last = reply.elements.first?.text.flatMap({ EntryID($0, stream: stream) }) else {
            return nil
        }
        return Destroyed(lastDelivered: last, pending: Int(reply.elements[1].integer ?? 0))
    }

    struct Trimmed {
        let removed: Int
        /// Entries that were pending.
        let pending: [EntryID]
        /// Entries that nobody had read.
        let unread: [EntryID]
        /// The numbers of all these, as far as they stood in the stream.
        let numbers: [(number: Int, id: EntryID)]
    }

    /// Trims away a share of what is pending, the oldest, and `unread` entries that nobody has read.
    func trim(_ stream: Int, share: Double, unread: Int) throws -> Trimmed {
        let reply = try script(
            """
            local rows = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 100000)
            local last
            for _, row in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
              local info = {}
              for i = 1, #row, 2 do info[row[i]] = row[i + 1] end
              if info.name == ARGV[1] then last = info['last-delivered-id'] end
            end
            if not last or #rows == 0 then return false end
            local pending, unread, numbers = {}, {}, {}
            local limit = rows[math.max(1, math.floor(#rows * tonumber(ARGV[2])))][1]
            if tonumber(ARGV[3]) > 0 then
              for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '(' .. last, '+', 'COUNT', ARGV[3])) do
                unread[#unread + 1] = entry[1]
              end
              limit = unread[#unread] or limit
            end
            for _, row in ipairs(rows) do
              pending[#pending + 1] = row[1]
              if row[1] == limit then break end
            end
            for _, ids in ipairs({pending, unread}) do
              for _, id in ipairs(ids) do
                local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
                for i = 1, entry and #entry[2] or 0, 2 do
                  if entry[2][i] == 'n' then numbers[#numbers + 1] = {id, entry[2][i + 1]} end
                end
              end
            end
            local removed = redis.call('XTRIM', KEYS[1], 'MINID', '=', limit)
            removed = removed + redis.call('XDEL', KEYS[1], limit)
            return {removed, pending, unread, numbers}
            """, stream: stream, ["\(share)", "\(unread)"])
        func ids(_ reply: RedisReply) -> [EntryID] {
            reply.elements.compactMap { $0.text.flatMap { EntryID($0, stream: stream) } }
        }
        guard reply.elements.count == 4 else { return Trimmed(removed: 0, pending: [], unread: [], numbers: []) }
        let numbers = reply.elements[3].elements.compactMap { pair -> (Int, EntryID)? in
            guard let id = pair.elements.first?.text.flatMap({ EntryID($0, stream: stream) }),
                let number = pair.elements.last?.text.flatMap({ Int($0) })
            else { return nil }
            return (number, id)
        }
        return Trimmed(
            removed: Int(reply.elements[0].integer ?? 0), pending: ids(reply.elements[1]),
            unread: ids(reply.elements[2]), numbers: numbers)
    }

    struct Flushed {
        /// Entries that were pending or unread.
        let unsettled: [EntryID]
        let letters: [RedisReply]
        let replays: [Replay]
    }

    /// The ids of all that a group has not read: hundreds of thousands, if the bridges are behind.
    private static let unread = """
        local last = '0-0'
        for _, row in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
          local info = {}
          for i = 1, #row, 2 do info[row[i]] = row[i + 1] end
          if info.name == ARGV[1] then last = info['last-delivered-id'] end
        end
        local ids = {}
        while true do
          local page = redis.call('XRANGE', KEYS[1], '(' .. last, '+', 'COUNT', 1000)
          for _, entry in ipairs(page) do ids[#ids + 1] = entry[1] end
          if #page < 1000 then return ids end
          last = ids[#ids]
        end
        """

    /// FLUSHALL, in one transaction with a look at what it takes along.
    func flushAll() throws -> Flushed? {
        var commands = [["MULTI"]]
        for stream in streams {
            let name = Settings.stream(stream)
            commands += [
                ["XPENDING", name, Settings.group, "-", "+", "100000"],
                ["EVAL", Self.unread, "1", name, Settings.group],
                ["XRANGE", Settings.deadLetters(stream, routes: routes), "-", "+"],
                ["XRANGE", Settings.replays(stream, routes: routes), "-", "+"],
            ]
        }
        commands += [["FLUSHALL"], ["EXEC"]]
        let replies = try redis.master.probe().pipeline(commands.map { $0.map { Array($0.utf8) } })
        guard let done = replies.last?.elements, done.count == streams.count * 4 + 1 else { return nil }
        var unsettled: [EntryID] = []
        var (letters, replays): ([RedisReply], [Replay]) = ([], [])
        for stream in streams {
            let (pending, unread) = (done[stream * 4].elements.map { $0.elements.first }, done[stream * 4 + 1].elements)
            unsettled += (pending + unread).compactMap { $0?.text.flatMap { EntryID($0, stream: stream) } }
            letters += done[stream * 4 + 2].elements.map { $0.elements[1] }
            let name = Settings.replays(stream, routes: routes)
            replays += done[stream * 4 + 3].elements.compactMap { row in
                guard let entry = row.elements[1]["id"]?.text.flatMap({ EntryID($0, stream: stream) }) else {
                    return nil
                }
                return Replay(place: .init(stream: name, id: row.elements[0].text ?? ""), entry: entry)
            }
        }
        return Flushed(unsettled: unsettled, letters: letters, replays: replays)
    }

    /// XGROUP DELCONSUMER of all consumers of a bridge; which entries they had.
    func deleteConsumers(of bridge: Bridge) throws -> [EntryID] {
        var dropped: [EntryID] = []
        for stream in streams {
            for consumer in try consumers(in: stream) where bridge.owns(consumer.name) {
                let reply = try script(
                    """
                    local ids = {}
                    for _, row in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 100000, ARGV[2])) do
                      ids[#ids + 1] = row[1]
                    end
                    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
                    return ids
                    """, stream: stream, [consumer.name])
                dropped += reply.elements.compactMap { $0.text.flatMap { EntryID($0, stream: stream) } }
            }
        }
        return dropped
    }
}
