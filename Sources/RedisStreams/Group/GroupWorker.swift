/// Reads for one consumer and acknowledges what was handled: what is behind `ConsumerGroup.entries`.
///
/// Not `Sendable`: it belongs to the loop that iterates.
final class GroupWorker {
    private let group: ConsumerGroup
    private let count: Int
    private let abandonedAfter: Duration?

    private var buffer: ArraySlice<Message> = []
    private var current: Message?
    private var handled = HandledMessages()
    /// Where to go on in what was pending before; `nil` when all of it was read.
    private var history: [(stream: String, after: EntryID)]?
    private var nextClaim = ContinuousClock.now
    private var patience = Patience()

    init(_ group: ConsumerGroup, count: Int, abandonedAfter: Duration?) {
        self.group = group
        self.count = count
        self.abandonedAfter = abandonedAfter
        history = group.fromTheBeginning
    }

    deinit {
        // The loop was left; the message at hand is not among these.
        let (group, messages) = (group, handled.take())
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
                buffer = try await more()[...]
                patience = Patience()
            } catch let failure as Redis.Failure where failure.isTransient {
                // What was delivered and lost on its way is pending for us.
                history = history ?? group.fromTheBeginning
                try await patience.wait()
            }
        }
    }

    /// The loop ends: acknowledges what was handled, if that can be done at once.
    func leave() async { try? await acknowledge() }

    private func acknowledge() async throws {
        let messages = handled.messages
        guard !messages.isEmpty else { return }
        try await group.acknowledge(messages)
        _ = handled.take()
    }

    private func more() async throws -> [Message] {
        if let positions = history {
            let batches = try await group.readPending(positions, count: count)
            history = batches.isEmpty ? nil : positions.map { ($0.stream, batches.lastID(of: $0.stream) ?? $0.after) }
            return batches.messages
        }
        guard let abandonedAfter else { return try await group.read(count: count, waiting: .forever).messages }
        if nextClaim <= .now {
            let claimed = try await claim(abandonedAfter)
            if !claimed.isEmpty { return claimed }
            nextClaim = .now + min(max(abandonedAfter / 2, .milliseconds(100)), .seconds(30))
        }
        return try await group.read(count: count, waiting: .upTo(nextClaim - .now)).messages
    }

    /// The first portion of what was abandoned, of each stream.
    private func claim(_ minimumIdle: Duration) async throws -> [Message] {
        var batches: [StreamBatch] = []
        for stream in group.streams {
            var start: EntryID? = .zero
            while let from = start {
                let claimed = try await group[stream].autoclaim(minimumIdle: minimumIdle, from: from, count: count)
                if !claimed.entries.isEmpty { batches.append(StreamBatch(stream: stream, entries: claimed.entries)) }
                start = claimed.entries.isEmpty ? claimed.next : nil
            }
        }
        return batches.messages
    }
}

/// Messages that were handled and are to be acknowledged together.
struct HandledMessages {
    private(set) var messages: [Message] = []
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
}

extension ConsumerGroup {
    fileprivate var fromTheBeginning: [(stream: String, after: EntryID)] { streams.map { ($0, .zero) } }
}

extension [StreamBatch] {
    fileprivate func lastID(of stream: String) -> EntryID? {
        guard let batch = first(where: { $0.stream == stream }) else { return nil }
        return [batch.entries.last?.id, batch.deleted.last].compactMap(\.self).max()
    }
}
