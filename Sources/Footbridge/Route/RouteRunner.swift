internal import Curl
internal import Logging
internal import Redis
internal import RedisStreams
internal import Webhooks

/// One route on one worker: entries come from the readers, go out in requests, and are settled.
///
/// Belongs to the worker's loop; what every entry does is callbacks. An entry is in exactly one of these places: fresh or
/// fetched in `queue`, under way in a slot, waiting in `parked`, or with the settler until Redis has confirmed its end.
final class RouteRunner: TurnParticipant {
    var isAwaitingEndOfTurn = false

    let config: RouteConfig
    let worker: WorkerContext
    let logger: Logger
    let counters = RouteCounters()
    let settler: Settler
    var readers: [StreamReader] = []
    var parked = ParkedRetries()
    var gate = RouteGate()
    /// As the streams stand in the configuration.
    var streams: [StreamState]
    /// Held entries that were no longer in their stream when the group was made anew: nobody but us knows of them.
    var goneWithGroup: Set<EntryKey> = []
    var endpoint = EndpointHealth()

    var queue = EntryQueue()
    var slots: [DeliverySlot] = []
    var freeSlots: [Int] = []
    var writer: RequestWriter
    var fetching: [EntryKey: ParkedEntry] = [:]
    var retriesInFlight = 0
    /// When fresh entries came in last.
    var freshAt = MonotonicTime(nanoseconds: 0)
    /// When entries that were due were fetched last.
    var fetchedAt = MonotonicTime(nanoseconds: 0)
    /// Of the bodies that were read, as a moving average; large until it is known better.
    private var averageBytes = 1024.0 * 1024
    private var wakeUp: (timer: LoopTimer, at: MonotonicTime)?
    /// When it was told to stop.
    private(set) var drainingSince: MonotonicTime?
    private var onDrained: (() -> Void)?
    /// Streams that are asked for what came too late.
    private var handingBack = 0
    /// The next round of `Takeover`.
    var roundTimer: LoopTimer?
    /// Streams and consumers whose entries are being taken over.
    var takingOver: Set<String> = []

    init(_ config: RouteConfig, worker: WorkerContext, logger: Logger) throws {
        self.config = config
        self.worker = worker
        self.logger = logger
        writer = try RequestWriter(config)
        streams = config.streams.map { _ in StreamState(tenure: Tenure(claimAfter: config.claimAfter)) }
        settler = Settler(route: config, worker: worker, counters: counters, logger: logger)
        // The first handle now: it shows whether libcurl takes the route's options. The others when they are needed.
        freeSlots = [addSlot(try CurlHandle(loop: worker.loop, options: TransferOptions(config.webhook)))]
        settler.onProgress = { [unowned self] in worker.loop.atEndOfTurn(self) }
        settler.mayBeMissing = { [unowned self] stream, mark in
            guard isAnother(mark, stream) else { return false }
            if let connection = worker.commands.connection { meet(mark, stream, on: connection) }
            return true
        }
    }

    func start() {
        for (index, stream) in config.streams.enumerated() {
            let reader = StreamReader(stream: stream, group: config.group, worker: worker, logger: logger)
            reader.onEntries = { [unowned self] in received($0, from: index, again: $1) }
            reader.onConnected = { [unowned self] in prepare(index) }
            readers.append(reader)
            reader.start()
        }
        startRounds()
    }

    // MARK: - Each turn of the loop

    func endTurn() {
        if !isDraining {
            fetchDue()
            startQueued()
            readMore()
        }
        settler.flush()
        scheduleWakeUp()
        finishDraining()
    }

    var inFlight: Int { slots.count - freeSlots.count }

    /// Entries whose bodies are here, or whose end is not confirmed: what bounds memory and duplicates.
    var held: Int { queue.count + inFlight + fetching.count + settler.unconfirmed }

    /// Three times as many as are in flight may wait behind them: a free slot need not wait for Redis, and one read brings
    /// as many as are in flight. Fewer of large ones.
    var window: Int { max(1, min(4 * config.concurrency, Int(Self.windowBytes / max(1, averageBytes)))) }

    /// Bodies of one route in memory: about so many bytes, if each entry is not larger than that by itself.
    private static let windowBytes = 64.0 * 1024 * 1024

    /// Reads in portions of a quarter of the window at least: one command per entry would cost more than the delivery.
    private func readMore() {
        guard parked.count < config.maximumParked, gate.state != .paused else { return }
        let room = window - held
        let share = max(1, window / readers.count)
        guard room >= max(1, min(share, window / 4)) || held == 0 else { return }
        for reader in readers where reader.isReady { reader.read(max(1, min(share, room))) }
    }

    /// - Parameter again: the group was moved back, so some of them may be on their way already.
    private func received(_ entries: [StreamEntry], from stream: Int, again: Bool) {
        counters.read += entries.count
        if !entries.isEmpty { freshAt = worker.loop.now }
        let known = again ? busyIDs(of: stream) : []
        if again, !streams[stream].isReadAgain, let first = entries.first { tell(.movedBack(to: first.id), stream) }
        if !entries.isEmpty { streams[stream].isReadAgain = again }
        for entry in entries {
            if again, known.contains(entry.id) || parked.contains(EntryKey(stream: stream, id: entry.id)) { continue }
            note(entry.fields)
            queue.append(
                HeldEntry(key: EntryKey(stream: stream, id: entry.id), fields: entry.fields, attempt: 1, firstAt: 0))
        }
        if streams[stream].isReadDoubtful { restoreRead(entries.map(\.id), of: stream) }
        streams[stream].isReadDoubtful = false
        if streams[stream].isReadLate, !entries.isEmpty { verifyAgain(stream) }
        streams[stream].isReadLate = false
        if isDraining { handBackQueued() }
        worker.loop.atEndOfTurn(self)
    }

    /// Learns how large entries are.
    func note(_ fields: EntryFields) { averageBytes += (Double(fields.byteCount) - averageBytes) / 16 }

    /// Entries that were read and not begun: their attempt does not count. They wait for the hand-over.
    private func handBackQueued() {
        while let entry = queue.popFirst() {
            settler.setAttempts(entry.attempt - 1, of: entry.key)
            park(entry, attempts: entry.attempt - 1, due: worker.loop.now)
        }
    }

    // MARK: - Waking

    /// Wakes the loop when the next entry is due or the next probe may go.
    private func scheduleWakeUp() {
        guard !isDraining else { return }
        let nextRetry = parked.nextDue.map { isFresh ? max($0, fetchedAt + BacklogPace.interval) : $0 }
        guard let due = [nextRetry, gate.probeTime].compactMap({ $0 }).filter({ $0 > worker.loop.now }).min()
        else { return }
        if let wakeUp {
            guard due < wakeUp.at else { return }
            worker.loop.cancel(wakeUp.timer)
        }
        let timer = worker.loop.schedule(after: due - MonotonicTime.now) { [unowned self] in
            wakeUp = nil
            worker.loop.atEndOfTurn(self)
        }
        wakeUp = (timer, due)
    }

    // MARK: - Stopping

    /// Stops reading, lets the requests in flight finish, and settles; then calls back. Entries that were not sent keep
    /// their attempt count and stay pending.
    func drain(_ completion: @escaping () -> Void) {
        drainingSince = worker.loop.now
        onDrained = completion
        handBackQueued()
        for (stream, reader) in readers.enumerated() {
            handingBack += 1
            reader.finish { [unowned self] in
                whenConnected(stream) { [unowned self] in
                    handBackUnread(stream) { [unowned self] in
                        handingBack -= 1
                        worker.loop.atEndOfTurn(self)
                    }
                }
            }
        }
        worker.loop.atEndOfTurn(self)
    }

    private func finishDraining() {
        guard isDraining, inFlight + handingBack == 0, fetching.isEmpty, settler.isDone, let onDrained else { return }
        self.onDrained = nil
        onDrained()
    }

    var isDraining: Bool { drainingSince != nil }

    /// Calls back when Redis can be told what becomes of a stream's entries. A stop waits two seconds for a connection that
    /// is lost, within `drain_timeout`: what nobody is told of, others get after `claim_after` only.
    func whenConnected(_ stream: Int, _ completion: @escaping () -> Void) {
        // Nothing was ever read.
        guard streams[stream].wasPrepared, let drainingSince else { return completion() }
        let lostAt = max(drainingSince, worker.lostAt ?? worker.loop.now)
        let end = min(drainingSince + config.drainTimeout, lostAt + .seconds(2))
        worker.whenConnected(within: end - worker.loop.now, completion)
    }

    /// What draining would still wait for.
    var unfinished: Int { inFlight + settler.unconfirmed }

    func stop() {
        if let wakeUp { worker.loop.cancel(wakeUp.timer) }
        if let roundTimer { worker.loop.cancel(roundTimer) }
        for reader in readers { reader.stop() }
        for slot in slots { slot.handle.cancel() }
    }
}
