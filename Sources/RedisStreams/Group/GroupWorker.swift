/// Hands out message after message for one consumer and acknowledges what was handled: what is behind
/// `ConsumerGroup.entries`.
///
/// Not `Sendable`: it belongs to the loop that iterates.
final class GroupWorker {
    private let reader: GroupReader
    private let acknowledger: Acknowledger

    private var buffer: ArraySlice<Message> = []
    private var current: Message?

    init(_ group: ConsumerGroup, _ options: GroupReader.Options) {
        acknowledger = Acknowledger(group)
        reader = GroupReader(group, options)
    }

    deinit {
        // The loop was left; the message at hand is not among these. Sent now, so that a `close` that follows comes behind it.
        acknowledger.send()
        Task { [acknowledger] in await acknowledger.finish() }
    }

    /// Acknowledges the message before, and waits for the next.
    func next() async throws(Redis.Failure) -> Message {
        var isBehind = current.map { acknowledger.append($0) } ?? false
        current = nil
        while true {
            do {
                if isBehind { try await acknowledger.confirm(allBut: 2) }
                isBehind = false
                if let message = buffer.popFirst() {
                    current = message
                    return message
                }
                // What was sent last is answered only after reads that were asked for before it: the loop goes on meanwhile.
                acknowledger.send()
                try await acknowledger.confirm(allBut: 2)
                buffer = try await reader.next(settle: { () async throws(Redis.Failure) in
                    try await acknowledger.confirm()
                })[...]
            } catch {
                guard error.isTransient else { throw error }
                try await reader.recover()
            }
        }
    }

    /// The loop ends: acknowledges what was handled, if that can be done at once.
    func leave() async { await acknowledger.finish() }
}
