internal import FootbridgeRESP
internal import RedisStreams

/// The fields that an entry of a replay stream begins with, in this order; its own follow.
enum ReplayHead {
    /// The stream and the id that the entry had, the dead letter that it comes from (empty: from the stream's history), and
    /// how often it has been replayed, this time included.
    static let names = ["stream", "id", "letter", "replays"]
}

extension StreamCommand where Reply == ReplayStep {
    /// Moves dead letters into a replay stream, one after the other: each is added there before it is deleted here, in one step.
    ///
    /// `KEYS` letters, replay stream; `ARGV` bytes, stream, number of strings of other fields, those strings, ids.
    static func replayLetters(
        _ ids: [EntryID], from place: String, to target: String, stream: String, fields: EntryFields?, bytes: Int
    ) -> StreamCommand {
        var arguments: [any RESPArgument] = [
            script(letters), 2, place, target, bytes, stream, 2 * (fields?.count ?? 0),
        ]
        for field in fields ?? EntryFields([:]) { arguments += [field.name, field.value] as [any RESPArgument] }
        arguments += ids as [any RESPArgument]
        return StreamCommand(RESPCommand("EVAL", arguments: arguments), decode: ReplayStep.init(reply:))
    }

    /// Copies entries of a stream into a replay stream.
    ///
    /// `KEYS` stream, replay stream; `ARGV` bytes, ids.
    static func replayHistory(_ ids: [EntryID], of stream: String, to target: String, bytes: Int) -> StreamCommand {
        StreamCommand(
            RESPCommand("EVAL", arguments: [script(history), 2, stream, target, bytes] + ids),
            decode: ReplayStep.init(reply:))
    }

    private static func script(_ body: String) -> String {
        """
        local looked, moved, skipped, size = 0, 0, 0, 0
        local function add(stream, id, letter, replays, fields, first, cut)
          if first > #fields or #fields - first >= \(2 * Letter.mostFields) then
            skipped = skipped + 1
            return false
          end
          local entry = {\(ReplayHead.names.map { "'\($0)', \($0 == "replays" ? "string.format('%d', replays)" : $0)" }.joined(separator: ", "))}
          for at = first, #fields, 2 do
            entry[#entry + 1] = string.sub(fields[at], cut)
            entry[#entry + 1] = fields[at + 1]
            size = size + #fields[at] + #fields[at + 1]
          end
          redis.call('XADD', KEYS[2], '*', unpack(entry))
          moved = moved + 1
          return true
        end
        \(body)
        return {looked, moved, skipped}
        """
    }

    private static let letters = """
        local others = {}
        for at = 4, 3 + tonumber(ARGV[3]) do others[#others + 1] = ARGV[at] end
        for at = 4 + #others, #ARGV do
          local id = ARGV[at]
          looked = looked + 1
          local letter = redis.call('XRANGE', KEYS[1], id, id)[1]
          if letter then
            local fields, info, first = letter[2], {}, 1
            while first < #fields and string.sub(fields[first], 1, 6) ~= 'field.' do
              info[fields[first]] = info[fields[first]] or fields[first + 1]
              first = first + 2
            end
            local replays, cut = math.min(tonumber(info.replays) or 0, 1000000) + 1, 7
            if #others > 0 then fields, first, cut = others, 1, 1 end
            if info.stream ~= ARGV[2] or not info.id then
              skipped = skipped + 1
            elseif add(info.stream, info.id, id, replays, fields, first, cut) then
              redis.call('XDEL', KEYS[1], id)
            end
          end
          if size > tonumber(ARGV[1]) then break end
        end
        """

    private static let history = """
        for at = 2, #ARGV do
          looked = looked + 1
          local found = redis.call('XRANGE', KEYS[1], ARGV[at], ARGV[at])[1]
          if found then add(KEYS[1], found[1], '', 1, found[2], 1, 1) end
          if size > tonumber(ARGV[1]) then break end
        end
        """
}

extension ReplayStep {
    /// `[looked, moved, skipped]`
    fileprivate init?(reply: RESPValue) {
        guard let parts = reply.elements, parts.count == 3, let looked = parts[0].integer,
            let moved = parts[1].integer, let skipped = parts[2].integer
        else { return nil }
        self.init(
            looked: Int(clamping: looked), moved: Int(clamping: moved), skipped: Int(clamping: skipped))
    }
}

extension StreamCommand where Reply == Int {
    /// Settles entries of a replay stream: acknowledges and deletes them in one step, so that the stream does not grow. Gives
    /// how many were there.
    static func settleReplays(_ ids: [EntryID], stream: String, group: String) -> StreamCommand {
        script(
            """
            local settled = 0
            for at = 2, #ARGV do
              redis.call('XACK', KEYS[1], ARGV[1], ARGV[at])
              settled = settled + redis.call('XDEL', KEYS[1], ARGV[at])
            end
            return settled
            """, stream, [group] + ids
        ) { $0.integer.map(Int.init(clamping:)) }
    }

    /// Deletes a replay stream of which nothing is left: no entry, and nothing pending with anybody. In one step, so that what is added
    /// meanwhile stays. Gives 1 if it is gone.
    ///
    /// A worker of which something was taken over may be cut off, and hold what others have settled since: its mark in the group
    /// (`OwnerMark.taken`) says so, and stays until the worker knows. Without it, it would take its entries for lost with their stream.
    static func dismissReplays(_ stream: String) -> StreamCommand {
        script(
            """
            if #redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1) > 0 then return 0 end
            for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
              for at = 1, #group, 2 do
                if group[at] == 'pending' and group[at + 1] > 0 then return 0 end
              end
              local prefix = '\(WellKnownConsumer.takenPrefix)'
              for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], group[2])) do
                if string.sub(consumer[2], 1, #prefix) == prefix then return 0 end
              end
            end
            return redis.call('DEL', KEYS[1])
            """, stream, []
        ) { $0.integer.map(Int.init(clamping:)) }
    }
}
