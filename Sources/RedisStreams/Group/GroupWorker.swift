/// Hands out message after message for one consumer and acknowledges what was handled: what is behind
/// `ConsumerGroup.entries`.
///
/// Not `Sendable`: it belongs to the loop that iterates.
final class GroupWorker {
    private let group: ConsumerGroup
    private let reader: GroupReader

    private var buffer: ArraySlice<Message> = []
    private var current: Message?
    private var handled = HandledMessages()
    /// What was sent last; not certain until it has its reply.
    private var acknowledging: (ids: [String: [EntryID]], call: Pipeline<Int>)?

    init(_ group: ConsumerGroup, _ options: GroupReader.Options) {
        self.group = group
        reader = GroupReader(group, options)
    }

    deinit {
        // The loop was left; the message at hand is not among these. What is on its way comes to no harm if it comes twice.
        if let acknowledging { handled.putBack(acknowledging.ids) }
        let (group, ids) = (group, handled.take())
        guard !ids.isEmpty else { return }
        Task { try await group.beginAcknowledging(ids).values() }
    }

    /// Acknowledges the message before, and waits for the next.
    func next() async throws -> Message {
        if let current { handled.append(current) }
        current = nil
        while true {
            do {
                if buffer.isEmpty || handled.isDue { try await acknowledge() }
                if let message = buffer.popFirst() {
                    current = message
                    return message
                }
                buffer = try await reader.next(settle: confirm)[...]
            } catch let failure as Redis.Failure where failure.isTransient {
                try await reader.recover()
            }
        }
    }

    /// The loop ends: acknowledges what was handled, if that can be done at once.
    func leave() async {
        try? await acknowledge()
        try? await confirm()
    }

    /// Sends what is to be acknowledged, without waiting for the reply: the next messages are asked for meanwhile.
    private func acknowledge() async throws {
        try await confirm()
        let ids = handled.take()
        guard !ids.isEmpty else { return }
        acknowledging = (ids, group.beginAcknowledging(ids))
    }

    /// Waits until what was sent is acknowledged.
    private func confirm() async throws {
        guard let (ids, call) = acknowledging else { return }
        acknowledging = nil
        do {
            _ = try await call.values()
        } catch {
            handled.putBack(ids)
            throw error
        }
    }
}

/// Messages that were handled and are to be acknowledged together: their ids, by stream.
struct HandledMessages {
    private var ids: [String: [EntryID]] = [:]
    private var count = 0
    private var since = ContinuousClock.now

    mutating func append(_ message: Message) {
        if count == 0 { since = .now }
        count += 1
        ids[message.stream, default: []].append(message.id)
    }

    /// Many, or some for a while.
    var isDue: Bool { count >= 100 || count > 0 && ContinuousClock.now - since > .milliseconds(5) }

    mutating func take() -> [String: [EntryID]] {
        defer { (ids, count) = ([:], 0) }
        return ids
    }

    mutating func putBack(_ earlier: [String: [EntryID]]) {
        ids.merge(earlier) { $1 + $0 }
        count += earlier.values.reduce(0) { $0 + $1.count }
    }
}
