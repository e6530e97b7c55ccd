internal import Curl
internal import Logging
internal import RedisStreams
internal import Webhooks

/// From the queue into a request, and from its end to what is decided of the entry.
extension RouteRunner {
    /// Fills the free slots, as far as the gate allows.
    func startQueued() {
        guard !queue.isEmpty else { return }
        var allowance = gate.allowance(inFlight: inFlight, now: worker.loop.now)
        while allowance > 0, !queue.isEmpty, let slot = takeSlot() {
            guard let entry = queue.popFirst(where: { isCertain($0.key.stream) }) else { return freeSlots.append(slot) }
            allowance -= 1
            if !start(entry, in: slot) { freeSlots.append(slot) }
        }
    }

    /// A free slot; a new one while there are fewer than `concurrency`.
    private func takeSlot() -> Int? {
        if let slot = freeSlots.popLast() { return slot }
        guard slots.count < config.concurrency,
            let handle = try? CurlHandle(loop: worker.loop, options: TransferOptions(config.webhook))
        else { return nil }
        return addSlot(handle)
    }

    /// Makes room for one more request in flight.
    func addSlot(_ handle: CurlHandle) -> Int {
        let slot = slots.count
        handle.onFinish = { [unowned self] in finished(slot, $0) }
        slots.append(DeliverySlot(handle: handle))
        return slot
    }

    /// Returns whether the slot is in use now.
    private func start(_ entry: HeldEntry, in slot: Int) -> Bool {
        let now = worker.loop.wallMilliseconds
        var entry = entry
        if entry.firstAt == 0 { entry.firstAt = now }
        do throws(UnmakeableRequest) {
            try writer.write(entry, timestamp: now / 1000)
        } catch {
            settle(entry, .deadLetter(.malformed(error.description)), lastAt: now)
            return false
        }
        slots[slot].entry = entry
        slots[slot].startedAt = worker.loop.now
        if Sabotage.ackBeforeDelivery.isOn { settler.acknowledge(entry.key) }
        Sabotage.abortIfMarked(entry.fields)
        do throws(TransportFailure) {
            try slots[slot].handle.start(writer.buffer)
            if entry.attempt > 1 { retriesInFlight += 1 }
            return true
        } catch {
            slots[slot].entry = nil
            let settlement =
                error.kind == .invalid
                ? Verdict.deadLetter(.malformed(error.description))
                : verdict(of: .outage(.other(error.message)), on: entry, now: now)
            settle(entry, settlement, lastAt: now)
            return false
        }
    }

    private func verdict(of outcome: Outcome, on entry: HeldEntry, now: Int64) -> Verdict {
        Verdict.of(
            outcome, usedConnection: false, attempt: entry.attempt, mark: .none, standing: Standing(),
            policy: config.retry, id: entry.key.id, age: nil, now: now)
    }

    private func finished(_ slot: Int, _ result: Result<TransferResponse, TransportFailure>) {
        guard let entry = slots[slot].entry else { return }
        slots[slot].entry = nil
        freeSlots.append(slot)
        if entry.attempt > 1 { retriesInFlight -= 1 }
        worker.loop.atEndOfTurn(self)
        let now = worker.loop.wallMilliseconds
        let handle = slots[slot].handle
        let outcome = Outcome(result, now: now) { handle.responseHeader("Retry-After") }
        if let state = gate.note(outcome, now: worker.loop.now) { tell(state) }
        if let change = endpoint.note(outcome) { tell(change) }
        var settlement = verdict(of: outcome, on: entry, now: now)
        Sabotage.spoil(&settlement, of: entry, outcome, &queue)
        if case .settle = settlement {
            counters.latency.record(nanoseconds: worker.loop.now.nanoseconds - slots[slot].startedAt.nanoseconds)
        }
        logger.debug(
            "attempt made",
            metadata: [
                LogKeys.entry: "\(entry.key.id)", LogKeys.attempt: "\(entry.attempt)",
                LogKeys.outcome: "\(outcome)",
            ])
        settle(entry, settlement, lastAt: now, response: (try? result.get().bodyHead) ?? [])
    }
}
