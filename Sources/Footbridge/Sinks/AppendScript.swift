internal import FootbridgeCurl
internal import FootbridgeRESP
internal import RedisStreams

/// The Lua that appends an entry, or what it was made into, once: all of it, or nothing.
enum AppendScript {
    /// Lua hands over some 8,000 values at a time (LUAI_MAXCSTACK): what has more fields is added by a plain `XADD`.
    static let maximumStrings = 7000

    /// Strings of fields to be added as one entry.
    static func fits(_ fields: EntryFields) -> Bool { 2 * fields.count <= maximumStrings }

    /// On the server of the source: appends and acknowledges in one step, if the entry is still this consumer's.
    ///
    /// `KEYS` source, target; `ARGV` group, id, consumer, 1 if the source is a replay stream, then each new entry: the number of its
    /// strings, its strings. → 1, or 0 if the entry is not the consumer's (any more), or there is no such group. `XADD` comes before
    /// `XACK`: if it fails, the script ends, and the entry stays pending. What is replayed is also deleted: nobody could tell later
    /// that it is settled.
    static func acknowledging(_ append: AppendConfig) -> String {
        """
        local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1, ARGV[3])
        if pending.err then
          local isGone = string.find(pending.err, 'NOGROUP', 1, true) or string.find(pending.err, 'WRONGTYPE', 1, true)
          return isGone and 0 or pending
        end
        if #pending == 0 then return 0 end
        \(oldest(append))
        local at = 5
        while at <= #ARGV do
          local last = at + tonumber(ARGV[at])
          redis.call('XADD', KEYS[2], \(trimming(append))'*', unpack(ARGV, at + 1, last))
          at = last + 1
        end
        redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
        if ARGV[4] == '1' then redis.call('XDEL', KEYS[1], ARGV[2]) end
        return 1
        """
    }

    /// On another server: appends, and remembers it under a name for the entry. One that is remembered is not appended again.
    ///
    /// `KEYS` target, memory; `ARGV` the entry's name, 1 if it is time to clean up, how many names may be forgotten, those names,
    /// then the new entries as above. → 1, or 0 if it was appended before.
    ///
    /// The memory is a sorted set by time. It is written first: should the user not be allowed to, nothing is appended. If
    /// `XADD` fails then, the score is −1, which is not remembering; and by `ZADD` again, which may be done as is seen.
    static func remembering(_ append: AppendConfig) -> String {
        """
        local now = tonumber(redis.call('TIME')[1])
        local known = redis.call('ZSCORE', KEYS[2], ARGV[1])
        local isNew = not known or tonumber(known) < 0
        local names = tonumber(ARGV[3])
        if isNew then
          redis.call('ZADD', KEYS[2], now, ARGV[1])
          \(oldest(append))
          local at = 4 + names
          while at <= #ARGV do
            local last = at + tonumber(ARGV[at])
            local id = redis.pcall('XADD', KEYS[1], \(trimming(append))'*', unpack(ARGV, at + 1, last))
            if id.err then
              redis.call('ZADD', KEYS[2], -1, ARGV[1])
              return id
            end
            at = last + 1
          end
        end
        if names > 0 then redis.call('ZREM', KEYS[2], unpack(ARGV, 4, 3 + names)) end
        if ARGV[2] == '1' then redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - \(keptSeconds)) end
        return isNew and 1 or 0
        """
    }

    /// What was never forgotten by name goes after a day.
    static let keptSeconds = 86_400

    /// In the same cluster slot as the stream, by the rule of dead letters.
    static func memory(of stream: String) -> String { DeadLetterTarget.beside(stream, "footbridge:appended") }

    /// Of a route whose entries go to different streams.
    static let commonMemory = "footbridge:appended"

    private static func trimming(_ append: AppendConfig) -> String {
        let precision = append.isExact ? "=" : "~"
        return switch append.trimming {
        case .none: ""
        case .length(let count): "'MAXLEN', '\(precision)', '\(count)', "
        case .age: "'MINID', '\(precision)', oldest, "
        }
    }

    /// By the clock of the server, which makes the ids: ours may go wrong, and would trim what is young.
    private static func oldest(_ append: AppendConfig) -> String {
        guard case .age(let age) = append.trimming else { return "" }
        return "local oldest = string.format('%.0f', redis.call('TIME')[1] * 1000 - \(age.wholeMilliseconds))"
    }
}
