internal import RedisStreams

/// What an entry is to its receiver: where it came from, and its own fields.
///
/// For an entry of a route's streams that is where it stands. One of a replay stream says so in its first fields
/// (`ReplayHead`): it keeps its message id, its time and its stream, wherever it is now.
struct Origin {
    let key: EntryKey
    let fields: EntryFields
    let replay: Replay

    /// One delivery of an entry that was delivered, or given up, before.
    struct Replay: Equatable {
        /// The dead letter's id; that of the entry in the replay stream if it was none.
        let name: EntryID
        let count: Int
    }

    /// - Parameters:
    ///   - stream: the place of the original stream in the route's list.
    ///   - id: of the entry in the replay stream.
    init(_ fields: EntryFields, stream: Int, id: EntryID) throws(UnmakeableRequest) {
        let names = ReplayHead.names
        guard fields.count > names.count,
            zip(fields, names).allSatisfy({ $0.name.elementsEqual($1.utf8) }),
            let original = EntryID(bytes: fields[1].value),
            let count = Int(String(decoding: fields[3].value, as: UTF8.self)), count > 0
        else {
            throw UnmakeableRequest(
                description: "no entry to replay: it has to begin with the fields \(names.joined(separator: ", "))")
        }
        key = EntryKey(stream: stream, id: original)
        self.fields = EntryFields(fields.dropFirst(names.count))
        replay = Replay(name: EntryID(bytes: fields[2].value) ?? id, count: count)
    }
}

extension Route {
    /// Names of all streams by their place: those of the configuration, then what is replayed of each.
    static func places(of config: RouteConfig) -> [String] {
        config.streams + config.streams.map { config.replayStream(of: $0) }
    }

    func isReplay(_ stream: Int) -> Bool { stream >= config.streams.count }

    /// The place of the stream that entries of this one came from.
    func originalStream(_ stream: Int) -> Int { isReplay(stream) ? stream - config.streams.count : stream }

    /// `nil` for an entry that is no replay.
    func origin(of key: EntryKey, _ fields: EntryFields) throws(UnmakeableRequest) -> Origin? {
        isReplay(key.stream) ? try Origin(fields, stream: originalStream(key.stream), id: key.id) : nil
    }

    /// The id by which a receiver knows an entry that is under way.
    func originalID(_ row: EntryTable.Row) -> EntryID {
        let key = table.key(row)
        guard isReplay(key.stream), let fields = table.fields(row) else { return key.id }
        return (try? origin(of: key, fields))??.key.id ?? key.id
    }

    func delivery(_ row: EntryTable.Row, _ fields: EntryFields, attempt: Int, isFresh: Bool = false) -> Delivery {
        let key = table.key(row)
        var delivery = Delivery(row: row, key: key, fields: fields, attempt: attempt, isFresh: isFresh)
        do throws(UnmakeableRequest) {
            guard let origin = try origin(of: key, fields) else { return delivery }
            delivery = Delivery(row: row, key: origin.key, fields: origin.fields, attempt: attempt, isFresh: isFresh)
            delivery.replay = origin.replay
        } catch {
            delivery = Delivery(
                row: row, key: EntryKey(stream: originalStream(key.stream), id: key.id), fields: fields,
                attempt: attempt, isFresh: isFresh)
            delivery.failure = error
        }
        delivery.place = key
        return delivery
    }
}
