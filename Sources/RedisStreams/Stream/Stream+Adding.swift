extension Redis.Stream {
    /// Adds many entries, without a round trip for each, and returns their ids in the same order.
    ///
    /// They are sent a hundred at a time, and the next are made while the server works on the previous ones: only six hundred
    /// entries of a `lazy` sequence are in memory at once. After the first failure, or once the task is cancelled, nothing more is
    /// sent; the call still waits for what was sent, so that the error can say what was added.
    /// - Throws: `AddFailure`, with what became of each entry.
    @discardableResult @inlinable
    public func add(
        contentsOf entries: some Sequence<EntryFields>, trimming: Trimming? = nil
    ) async throws(AddFailure) -> [EntryID] {
        // The sequence is read in the caller's module, which knows its type.
        var iterator = entries.makeIterator()
        return try await add(trimming) { iterator.next() }
    }

    @usableFromInline
    func add(_ trimming: Trimming?, _ next: () -> EntryFields?) async throws(AddFailure) -> [EntryID] {
        var (commands, bytes): ([StreamCommand<EntryID>], Int) = ([], 0)
        var underWay: [(number: Int, pipeline: Pipeline<EntryID>)] = []
        var outcomes = AddOutcomes()
        func send() {
            guard !commands.isEmpty, outcomes.failure == nil, !Task.isCancelled else { return }
            underWay.append((outcomes.begin(commands.count), redis.begin(commands, isCancellable: false)))
            (commands, bytes) = ([], 0)
        }
        while let entry = next() {
            commands.append(.add(entry, to: name.bytes, trimming: trimming))
            bytes += entry.byteCount
            guard AddOutcomes.isFull(commands.count, bytes) else { continue }
            send()
            if underWay.count == AddOutcomes.portions {
                let (number, pipeline) = underWay.removeFirst()
                outcomes.end(number, await pipeline.outcome())
            }
            // It could not be sent: something went wrong, or the task was cancelled.
            guard commands.isEmpty else { break }
        }
        send()
        for (number, pipeline) in underWay { outcomes.end(number, await pipeline.outcome()) }
        return try await result(outcomes, left: commands.count, trimming, isCut: !commands.isEmpty)
    }

    /// Adds entries as they come; otherwise the same. If the server has answered everything so far, an entry is sent at once;
    /// otherwise together with those that come in the meantime. So no entry of a slow sequence is held back.
    ///
    /// A failure is thrown when the next entry comes or the sequence ends, for only then does the call look at it.
    /// - Throws: `AddFailure`, with what became of each entry. If the sequence threw an error, that is the cause.
    @discardableResult
    public func add<Entries: AsyncSequence>(
        contentsOf entries: Entries, trimming: Trimming? = nil
    ) async throws(AddFailure) -> [EntryID] where Entries.Element == EntryFields {
        let addition = Addition(self, trimming)
        let failure: (any Error)? = await withTaskCancellationHandler {
            do {
                for try await entry in entries {
                    guard await addition.append(entry) else { break }
                }
                return nil
            } catch {
                return error
            }
        } onCancel: {
            addition.stop()
        }
        return try await addition.finish(failure)
    }
}
