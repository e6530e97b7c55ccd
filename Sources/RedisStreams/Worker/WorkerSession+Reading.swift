internal import FootbridgeCurl
internal import FootbridgeRESP

/// Reads of new entries, several on their way at a time.
extension WorkerSession {
    /// A read that is on its way.
    private struct Read {
        let call: Pipeline<[StreamBatch]>
        let count: Int
        let epoch: Int
        let sentAt: MonotonicTime
    }

    /// The longest wait of one read.
    private var block: Duration { min(.seconds(1), options.beat) }

    private func room(coming: Int, wasFull: Bool) -> Int {
        takeover.backlog == nil ? board.room(index, coming: coming, wasFull: wasFull) : 0
    }

    /// Until something has to be done first, or all ends.
    func read() async throws(Redis.Failure) -> SessionMachine.Action {
        var ahead: [Read] = []
        // There may be more than the last read brought.
        var hasMore = true
        while !Task.isCancelled, !board.isStopped {
            if ahead.isEmpty, let interruption {
                self.interruption = nil
                return interruption
            }
            guard machine.isOpen || !ahead.isEmpty else { return .none }
            while hasMore, interruption == nil, machine.isOpen, ahead.count <= options.prefetch {
                let coming = ahead.reduce(0) { $0 + $1.count }
                let room = room(coming: coming, wasFull: true)
                // Portions, not crumbs, while there is something to do.
                guard room > 0, ahead.isEmpty || room >= options.count / 2 else { break }
                let command = StreamCommand.readGroup(
                    group.name, consumer: consumer, streams: [key], count: room)
                ahead.append(Read(call: redis.begin([command]), count: room, epoch: machine.epoch, sentAt: .now))
            }
            let batches: Result<[StreamBatch], Redis.Failure>
            let (count, epoch, sentAt): (Int, Int, MonotonicTime)
            if let first = ahead.first {
                ahead.removeFirst()
                (count, epoch, sentAt) = (first.count, first.epoch, first.sentAt)
                batches = await first.call.result().map { $0.first ?? [] }
            } else {
                count = room(coming: 0, wasFull: hasMore)
                // No read is sent that would meet it, too.
                if count == 0, let trouble {
                    self.trouble = nil
                    return try await action(after: trouble)
                }
                guard count > 0, !hasMore else {
                    await board.bells[index].wait(upTo: .milliseconds(200))
                    continue
                }
                (epoch, sentAt) = (machine.epoch, .now)
                batches = await redis.blocked(
                    .readGroup(group.name, consumer: consumer, streams: [key], count: count, block: block),
                    for: block)
            }
            switch batches {
            case .success(let batches):
                let entries = batches.first?.entries ?? []
                hasMore = entries.count >= count
                await take(entries, sentIn: epoch, at: sentAt)
            case .failure(let failure):
                for read in ahead {
                    if case .success(let batches) = await read.call.result() {
                        await take(batches.first?.first?.entries ?? [], sentIn: read.epoch, at: read.sentAt)
                    }
                }
                guard !Task.isCancelled, !board.isStopped else { return .none }
                interruption = nil
                if failure.kind == .replyTooLarge {
                    // What was delivered is pending for us, and is fetched one by one.
                    observer?.didFail(failure, of: name)
                    return await reconnect()
                }
                return try await action(after: failure)
            }
        }
        for read in ahead {
            if case .success(let batches) = await read.call.result() {
                await take(batches.first?.first?.entries ?? [], sentIn: read.epoch, at: read.sentAt)
            }
        }
        return .none
    }

    func take(_ entries: [StreamEntry], sentIn epoch: Int, at sentAt: MonotonicTime) async {
        let isLate = MonotonicTime.now - sentAt >= options.abandonedAfter / 2
        // Nothing of it begins before Redis has told that it is ours still.
        let number = isLate ? board.tenure(index) { $0.beginVerification() } : nil
        let isExposed = verification.exposedAt.map { sentAt <= $0 } ?? false
        _ = machine.didRead(upTo: entries.last?.id)
        if !entries.isEmpty {
            // Perhaps it was delivered to us before others took what we had.
            if isExposed { verification.exposed.formUnion(entries.map(\.id)) }
            board.add(entries.map { ($0.id, message($0.id, $0.fields, count: 1)) }, index)
            // It may be from a group that is gone.
            if epoch != machine.epoch, await restore(entries.map { ($0.id, 0) }) != nil { await suspect() }
        }
        if isLate || isExposed && !entries.isEmpty { await verify(number: number) }
    }

    func message(_ id: EntryID, _ fields: EntryFields, count: Int) -> Message {
        var message = Message(name, name.description, id: id, fields: fields)
        message.deliveryCount = count
        return message
    }
}

extension Redis {
    fileprivate func blocked<Reply>(
        _ command: StreamCommand<Reply>, for time: Duration
    ) async -> Result<Reply, Failure> {
        do {
            return .success(try await block(command, for: time))
        } catch {
            return .failure(error)
        }
    }
}

extension Pipeline {
    fileprivate func result() async -> Result<[Reply], Redis.Failure> {
        do {
            return .success(try await values())
        } catch {
            return .failure(error)
        }
    }
}
