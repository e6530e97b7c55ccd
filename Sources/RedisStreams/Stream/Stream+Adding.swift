extension Redis.Stream {
    /// Adds many entries, without a round trip for each, and returns their ids in the same order.
    ///
    /// They go out a hundred at a time, and the next are made while the server works on those before: of a `lazy` sequence
    /// only a few hundred are in memory. After the first failure, and after the task's cancellation, nothing more is sent; what was
    /// sent is waited for, so that the error can say what was added.
    /// - Throws: `AddFailure`, with what became of each entry.
    @discardableResult
    public func add(
        contentsOf entries: some Sequence<EntryFields>, trimming: Trimming? = nil
    ) async throws(AddFailure) -> [EntryID] {
        var (commands, bytes): ([StreamCommand<EntryID>], Int) = ([], 0)
        var underWay: [(number: Int, pipeline: Pipeline<EntryID>)] = []
        var outcomes = AddOutcomes()
        func send() {
            guard !commands.isEmpty, outcomes.failure == nil, !Task.isCancelled else { return }
            underWay.append((outcomes.begin(commands.count), redis.begin(commands, isCancellable: false)))
            (commands, bytes) = ([], 0)
        }
        for entry in entries {
            commands.append(.add(entry, to: name.bytes, trimming: trimming))
            bytes += entry.byteCount
            guard AddOutcomes.isFull(commands.count, bytes) else { continue }
            send()
            if underWay.count == 3 {
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

    /// Adds entries as they come; otherwise the same. What is there goes out at once as long as the server has answered what was sent
    /// before, else with what comes meanwhile: of a slow sequence no entry is held back.
    ///
    /// - Throws: `AddFailure`, with what became of each entry; its cause is what the sequence threw if it did.
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
