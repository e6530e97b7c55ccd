import ArgumentParser
import RedisStreams

/// An entry's id on the command line, with its sequence number: `1700000000000-0`.
struct EntryIDArgument: ExpressibleByArgument {
    let id: EntryID

    init?(argument: String) {
        guard argument.contains("-"), let id = EntryID(argument) else { return nil }
        self.id = id
    }
}

extension [EntryIDArgument] {
    /// Each once, in their order.
    var ids: [EntryID] {
        var seen: Set<EntryID> = []
        return map(\.id).filter { seen.insert($0).inserted }
    }
}
