/// Reads for one consumer, portion after portion: what is pending for it from an earlier time, then what is new, and now and
/// then what others have abandoned. Behind `ConsumerGroup.batches` and `entries`.
///
/// Not `Sendable`: it belongs to the loop that iterates.
final class GroupReader {
    struct Options: Sendable {
        let count: Int
        let prefetch: Int
        let abandonedAfter: Duration?

        init(_ count: Int, _ prefetch: Int, _ abandonedAfter: Duration?) {
            self.count = max(1, count)
            self.prefetch = max(0, prefetch)
            self.abandonedAfter = abandonedAfter
        }
    }

    private let group: ConsumerGroup
    private let options: Options

    /// Where to go on in what was pending before; `nil` when all of it was read.
    private var history: [(stream: StreamName, after: EntryID)]?
    private var nextClaim = ContinuousClock.now
    /// Reads that are on their way, in their order.
    private var ahead: [Pipeline<[StreamBatch]>] = []
    private var patience = Patience()

    init(_ group: ConsumerGroup, _ options: Options) {
        self.group = group
        self.options = options
        history = group.fromTheBeginning
    }

    /// Waits for the next portion; never empty.
    ///
    /// - Parameter settle: called before the server is asked for what is pending, and before a wait that may be long.
    /// - Throws: also failures that may go away by themselves: `recover`, and ask again.
    func next(settle: () async throws(Redis.Failure) -> Void) async throws(Redis.Failure) -> [Message] {
        while true {
            let messages = try await more(settle)
            patience = Patience()
            if !messages.isEmpty { return messages }
        }
    }

    /// Pauses after a failure. What was delivered and lost on its way is pending for us, so that is asked for again.
    func recover() async throws(Redis.Failure) {
        // Reads that find a connection yet are over before: what they bring is pending then.
        for read in ahead { _ = try? await read.values() }
        ahead = []
        history = history ?? group.fromTheBeginning
        try await patience.wait()
    }

    private func more(_ settle: () async throws(Redis.Failure) -> Void) async throws(Redis.Failure) -> [Message] {
        if let positions = history {
            try await settle()
            let batches = try await group.readPending(positions, count: options.count)
            history = batches.isEmpty ? nil : positions.map { ($0.stream, batches.lastID(of: $0.stream) ?? $0.after) }
            return batches.messages
        }
        if let abandonedAfter = options.abandonedAfter, nextClaim <= .now {
            let claimed = try await claim(abandonedAfter)
            if !claimed.isEmpty { return claimed }
            nextClaim = .now + min(max(abandonedAfter / 2, .milliseconds(100)), .seconds(30))
        }
        let batches = try await read(settle)
        // There is more only where one is full.
        if batches.contains(where: { $0.entries.count >= options.count }) {
            while ahead.count < options.prefetch { ahead.append(group.beginRead(count: options.count)) }
        }
        return batches.messages
    }

    private func read(_ settle: () async throws(Redis.Failure) -> Void) async throws(Redis.Failure) -> [StreamBatch] {
        if !ahead.isEmpty { return try await ahead.removeFirst().values().first ?? [] }
        try await settle()
        let waiting: Waiting = options.abandonedAfter == nil ? .forever : .upTo(nextClaim - .now)
        return try await group.read(count: options.count, waiting: waiting)
    }

    /// The first portion of what was abandoned, of each stream.
    private func claim(_ minimumIdle: Duration) async throws(Redis.Failure) -> [Message] {
        var batches: [StreamBatch] = []
        for stream in group.streamNames {
            var start: EntryID? = .zero
            while let from = start {
                let claimed = try await group[stream].autoclaim(
                    minimumIdle: minimumIdle, from: from, count: options.count)
                if !claimed.entries.isEmpty { batches.append(StreamBatch(stream, stream.description, claimed.entries)) }
                start = claimed.entries.isEmpty ? claimed.next : nil
            }
        }
        return batches.messages
    }
}

extension ConsumerGroup {
    fileprivate var fromTheBeginning: [(stream: StreamName, after: EntryID)] { streamNames.map { ($0, .zero) } }

    /// Asks for new entries without waiting for any, and without waiting for the answer.
    fileprivate func beginRead(count: Int) -> Pipeline<[StreamBatch]> {
        redis.begin([.readGroup(name, consumer: consumer, streams: streamNames.map(\.bytes), count: count)])
    }
}

extension [StreamBatch] {
    fileprivate func lastID(of stream: StreamName) -> EntryID? {
        guard let batch = first(where: { $0.name == stream }) else { return nil }
        return [batch.entries.last?.id, batch.deleted.last].compactMap(\.self).max()
    }
}
