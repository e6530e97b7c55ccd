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
    private var acknowledging: (messages: [Message], call: Pipeline<Int>)?

    init(_ group: ConsumerGroup, _ options: GroupReader.Options) {
        self.group = group
        reader = GroupReader(group, options)
    }

    deinit {
        // The loop was left; the message at hand is not among these. What is on its way comes to no harm if it comes twice.
        let (group, messages) = (group, (acknowledging?.messages ?? []) + handled.take())
        guard !messages.isEmpty else { return }
        Task { try await group.acknowledge(messages) }
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
        let messages = handled.take()
        guard !messages.isEmpty else { return }
        acknowledging = (messages, group.beginAcknowledging(messages))
    }

    /// Waits until what was sent is acknowledged.
    private func confirm() async throws {
        guard let (messages, call) = acknowledging else { return }
        acknowledging = nil
        do {
            _ = try await call.values()
        } catch {
            handled.putBack(messages)
            throw error
        }
    }
}

/// Messages that were handled and are to be acknowledged together.
struct HandledMessages {
    private var messages: [Message] = []
    private var since = ContinuousClock.now

    mutating func append(_ message: Message) {
        if messages.isEmpty { since = .now }
        messages.append(message)
    }

    /// Many, or some for a while.
    var isDue: Bool { messages.count >= 100 || !messages.isEmpty && ContinuousClock.now - since > .milliseconds(5) }

    mutating func take() -> [Message] {
        defer { messages = [] }
        return messages
    }

    mutating func putBack(_ earlier: [Message]) { messages = earlier + messages }
}
