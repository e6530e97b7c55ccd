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

    /// The group's mark was seen, `nil` if it has none.
    func meet(
        _ mark: String?, _ stream: Int, on connection: RedisConnection, _ completion: @escaping () -> Void = {}
    ) {
        guard let known = identities[stream] else {
            identities[stream] = mark
            return completion()
        }
        guard mark != known, !restoring.contains(stream) else { return completion() }
        restoring.insert(stream)
        logger.error(
            "the consumer group is another than before; what is held here goes back into it",
            metadata: [LogKeys.stream: "\(config.streams[stream])", LogKeys.group: "\(config.group)"])
        restore(stream, on: connection) { [unowned self] error in
            restoring.remove(stream)
            // Otherwise the next round meets it again.
            if error == nil { identities[stream] = mark }
            completion()
        }
    }
}

extension PendingScript where Reply == String {
    /// Gives a group its mark unless it has one; returns the one that it has.
    static func mark(_ mark: String, stream: String, group: String) -> PendingScript {
        PendingScript(
            """
            for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
              if string.sub(row[2], 1, #ARGV[3]) == ARGV[3] then return row[2] end
            end
            redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], ARGV[1], ARGV[2])
            return ARGV[2]
            """, stream, [group, mark, WellKnownConsumer.markPrefix]
        ) { $0.text }
    }
}
