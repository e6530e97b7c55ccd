/// Lua that several scripts begin with.
package enum ScriptFunction {
    /// `named(list)`: a table of names and values that Redis sends as a flat list.
    ///
    /// `row(lists, name)`: the one of them that has this name, as such a table, or `nil`.
    package static let row = """
        local function named(list)
          local info = {}
          for i = 1, #list, 2 do info[list[i]] = list[i + 1] end
          return info
        end
        local function row(lists, name)
          for _, list in ipairs(lists) do
            if list[2] == name then return named(list) end
          end
        end
        """

    /// `exists(stream, group, name)`: whether a consumer is on the group's list, without going through thousands of others. It is
    /// made if it is not there, and removed again; a server that does not let us do that is asked for its list.
    package static let exists = """
        local function exists(stream, group, name)
          local made = redis.pcall('XGROUP', 'CREATECONSUMER', stream, group, name)
          if made == 0 then return true end
          if made == 1 then
            redis.call('XGROUP', 'DELCONSUMER', stream, group, name)
            return false
          end
          for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
            if row[2] == name then return true end
          end
          return false
        end
        """

    /// `make(stream, group, name)`: makes a consumer, also when Redis is out of memory. A pause and a lease take a hundred bytes, and
    /// cannot wait for more: only the first write of a script is stopped by `OOM`, so that is one which needs no memory.
    package static let make = """
        local function make(stream, group, name)
          redis.call('XGROUP', 'DELCONSUMER', stream, group, '\(WellKnownConsumer.nobody)')
          return redis.call('XGROUP', 'CREATECONSUMER', stream, group, name)
        end
        """

    /// `tellTaken(stream, group, owners)`: makes a consumer `OwnerMark.taken` for each worker of which something was taken: should its
    /// process live, it knows by that.
    package static let tellTaken = """
        local function tellTaken(stream, group, owners)
          if not next(owners) then return end
          for _, list in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
            local rest, owner = string.match(list[2], '^\(WellKnownConsumer.ownerPrefix)([^:]*:%d+:(.*))$')
            if owner and owners[owner] then
              redis.call('XGROUP', 'CREATECONSUMER', stream, group, '\(WellKnownConsumer.takenPrefix)' .. rest)
            end
          end
        end
        """

    /// `markOf(stream, group)`: the name of the group's mark (`GroupMark`), `false` if it has none.
    package static let markOf = """
        local function markOf(stream, group)
          local prefix = '\(WellKnownConsumer.groupPrefix)'
          for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
            if string.sub(row[2], 1, #prefix) == prefix then return row[2] end
          end
          return false
        end
        """
}
