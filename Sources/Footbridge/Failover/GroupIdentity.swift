internal import Curl
internal import Logging
internal import RESP
internal import Redis
internal import RedisStreams

/// Whether a group is still the one that it was.
///
/// A group that is destroyed and made again by another worker has the same name and knows nothing of what we hold, and our
/// next read goes through as if nothing had happened. So each group gets a consumer that nobody reads with and whose name is
/// made up once: with another group comes another name.
extension RouteRunner {
    /// Notes who the group is, and gives it a mark if it has none; puts back what we hold if it is another than before.
    func identify(_ stream: Int, on connection: RedisConnection, _ completion: @escaping () -> Void) {
        let mark = WellKnownConsumer.newMark()
        connection.send(.mark(mark, stream: config.streams[stream], group: config.group)) { [unowned self] result in
            // Who may not make a consumer goes without.
            guard case .success(let mark) = result else { return completion() }
            meet(mark, stream, on: connection, completion)
        }
    }

    /// Whether a group does not know what we hold, as far as its mark tells.
    func isAnother(_ mark: String?, _ stream: Int) -> Bool {
        readers[stream].missedGroup || streams[stream].isRestoring || streams[stream].identity != mark
    }

    /// The group's mark was seen, `nil` if it has none.
    func meet(
        _ mark: String?, _ stream: Int, on connection: RedisConnection, _ completion: @escaping () -> Void = {}
    ) {
        guard let known = streams[stream].identity else {
            streams[stream].identity = mark
            return completion()
        }
        guard mark != known, !streams[stream].isRestoring else { return completion() }
        streams[stream].isRestoring = true
        // What the read that is outstanding brings may be from before.
        if readers[stream].isReading { streams[stream].isReadDoubtful = true }
        logger.error(
            "the consumer group is another than before; what is held here goes back into it",
            metadata: [LogKeys.stream: "\(config.streams[stream])", LogKeys.group: "\(config.group)"])
        restore(heldEntries(of: stream), of: stream, on: connection) { [unowned self] error in
            streams[stream].isRestoring = false
            // Otherwise the next round meets it again.
            if error == nil { streams[stream].identity = mark }
            completion()
        }
    }

    /// Entries of a read that may have been answered before the group was made anew.
    func restoreRead(_ ids: [EntryID], of stream: Int) {
        guard !ids.isEmpty, let connection = worker.commands.connection else { return }
        restore(ids.map { ($0, 0) }, of: stream, on: connection) { [unowned self] error in
            // No group has this mark: the next round puts back what we hold, these included.
            if error != nil { streams[stream].identity = "" }
        }
    }
}

extension PendingScript where Reply == String {
    /// Gives a group its mark unless it has one; returns the one that it has.
    static func mark(_ mark: String, stream: String, group: String) -> PendingScript {
        PendingScript(
            """
            \(ScriptFunction.markOf)
            local mark = markOf(KEYS[1], ARGV[1])
            if mark then return mark end
            redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], ARGV[1], ARGV[2])
            return ARGV[2]
            """, stream, [group, mark]
        ) { $0.text }
    }
}
