package import FootbridgeRESP

/// What becomes of burying an entry.
package enum Burial: Sendable, Equatable {
    case buried
    /// It was settled before, another consumer has it, or the group is another one.
    case notOurs
    /// It was sent before, and is there.
    case buriedBefore
}

extension StreamCommand where Reply == Burial {
    /// Moves an entry to a stream of dead letters in one atomic step: it is added there and acknowledged here.
    ///
    /// The owner is checked first and XADD comes before XACK: a XADD that fails (out of memory, wrong type) ends the
    /// script, and the entry stays pending.
    ///
    /// - Parameters:
    ///   - mayBeWritten: it was sent before, without an answer: the last letters are looked at.
    ///   - isDeleted: the entry is also deleted from its stream.
    ///   - isCopied: the letter has no fields of the entry, and the server adds them, unless they are too many for a script.
    package static func bury(
        _ id: EntryID, of stream: any RESPArgument, group: String, consumer: String, as letter: LetterLayout,
        into target: any RESPArgument, mayBeWritten: Bool, isDeleted: Bool = false, isCopied: Bool = false
    ) -> StreamCommand {
        let head: [any RESPArgument] = [
            burialScript, 2, stream, target, group, id.argument, consumer, mayBeWritten ? letter.stream : "",
            letter.id.argument,
            letter.replays > 0 ? "\(letter.replays)" : "", isDeleted ? 1 : 0, isCopied ? 1 : 0,
        ]
        return StreamCommand(RESPCommand("EVAL", arguments: head + letter.arguments)) { reply in
            guard let parts = reply.elements else { return .buried }
            return parts.isEmpty ? .notOurs : .buriedBefore
        }
    }

    /// Adds a letter that is too long for the script. The entry is to be acknowledged then.
    package static func addLetter(_ letter: LetterLayout, into target: any RESPArgument) -> StreamCommand {
        StreamCommand(RESPCommand("XADD", arguments: [target, "*"] + letter.arguments)) { _ in .buried }
    }
}

/// The reply is the letter's id, or an empty list if the entry is not this consumer's; that list is not empty if the letter is
/// there already.
private let burialScript = """
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
    local entry = ARGV[8] == '1' and redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
    if entry and #entry[2] < 6900 then
      for i, part in ipairs(entry[2]) do ARGV[#ARGV + 1] = i % 2 == 1 and 'field.' .. part or part end
    end
    local id = redis.call('XADD', KEYS[2], '*', unpack(ARGV, 9))
    redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
    if ARGV[7] == '1' then redis.call('XDEL', KEYS[1], ARGV[2]) end
    return id
    """
