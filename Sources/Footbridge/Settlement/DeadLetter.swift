internal import FootbridgeRESP
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

    /// The fields of the dead letter: what happened, then the entry's own fields behind the prefix `field.`, in their order.
    var arguments: [any RESPArgument] {
        var list: [any RESPArgument] = ["reason", reason.text]
        if let status = reason.status { list += ["status", status] as [any RESPArgument] }
        list += ["attempts", attempts, "route", route, "stream", shown.stream, "id", shown.id] as [any RESPArgument]
        list += ["first_at", LogTime.iso8601(milliseconds: firstAt), "last_at", LogTime.iso8601(milliseconds: lastAt)]
        if let original, original.replays > 0 { list += ["replays", original.replays] as [any RESPArgument] }
        if !response.isEmpty { list += ["response", response] as [any RESPArgument] }
        for field in fields {
            list.append(Array("field.".utf8) + field.name)
            list.append(field.value)
        }
        return list
    }

    /// Moves the entry in one atomic step; the reply is the dead letter's id, or an empty list if the entry is not this
    /// consumer's (any more): it was settled before, another instance has it, or the group is another one. If it may have been
    /// written before, the last letters are looked at: the list is not empty if it is among them.
    ///
    /// The owner is checked first and XADD comes before XACK: a XADD that fails (out of memory, wrong type) ends the
    /// script, and the entry stays pending.
    func command(into target: String) -> StreamCommand<Burial> {
        if goesInTwoSteps {
            return StreamCommand(RESPCommand("XADD", arguments: [target, "*"] + arguments)) { _ in .buried }
        }
        let head: [any RESPArgument] = [
            Self.script, 2, stream, target, group, key.id, consumer, mayBeWritten ? shown.stream : "", shown.id,
            original.flatMap { $0.replays > 0 ? "\($0.replays)" : nil } ?? "", original == nil ? 0 : 1,
        ]
        return StreamCommand(RESPCommand("EVAL", arguments: head + arguments)) { reply in
            guard let parts = reply.elements else { return .buried }
            return parts.isEmpty ? .notOurs : .buriedBefore
        }
    }

    enum Burial: Sendable, Equatable {
        case buried
        case notOurs
        /// It was sent before, and is there.
        case buriedBefore
    }

    /// Added, then acknowledged. Killed in between, the entry is buried twice, never lost.
    ///
    /// Lua's unpack takes some 8,000 values (LUAI_MAXCSTACK).
    var goesInTwoSteps: Bool { isOwnerless || 2 * fields.count + 20 > 7000 }

    private static let script = """
        local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
        if #pending == 0 or pending[1][2] ~= ARGV[3] then
          local last, looked, bytes = '+', 0, 0
          while ARGV[4] ~= '' and looked < 500 and bytes < 4194304 do
            local letters = redis.call('XREVRANGE', KEYS[2], last, '-', 'COUNT', 10)
            for _, letter in ipairs(letters) do
              local found = {}
              for i = 1, #letter[2], 2 do
                found[letter[2][i]] = found[letter[2][i]] or letter[2][i + 1]
                bytes = bytes + #letter[2][i + 1]
              end
              if found.id == ARGV[5] and found.stream == ARGV[4] and (found.replays or '') == ARGV[6] then return {1} end
              last = '(' .. letter[1]
            end
            looked = looked + #letters
            if #letters < 10 then break end
          end
          return {}
        end
        local id = redis.call('XADD', KEYS[2], '*', unpack(ARGV, 8))
        redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
        if ARGV[7] == '1' then redis.call('XDEL', KEYS[1], ARGV[2]) end
        return id
        """
}
