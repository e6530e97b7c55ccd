internal import CFootbridgeCurl
internal import Synchronization

/// One thread that runs one libcurl multi handle, the Redis sockets, timers, and the jobs of the actors that live on it.
///
/// A turn of the loop: jobs and timers, sockets that became ready, end-of-turn work (fill all free slots, write what was
/// queued), **one** `curl_multi_perform` (it visits every handle, so it must not be called per entry), completions,
/// end-of-turn work once more, then `curl_multi_poll` until something happens.
///
/// Thread safety: `post`, `enqueue`, `stop` and `isCurrent` may be called from anywhere. Everything else belongs to the
/// loop's thread: to the code of an actor whose executor this is, and to callbacks that the loop makes.
public final class CurlLoop: SerialExecutor, @unchecked Sendable {
    private enum Work {
        case job(UnownedJob)
        case task(UnownedJob, UnownedTaskExecutor)
        case call(@Sendable () -> Void)
    }

    private struct Inbox {
        var work: [Work] = []
        var stopping = false
        var hasEnded = false
        /// After the end: somebody is running the jobs.
        /// Whoever stands in for the ended loop: the job that it runs may let go of the loop last.
        var drained: CurlLoop?
    }

    private let name: String
    private let inbox = Mutex(Inbox())
    private let threadID = Atomic<UInt>(0)
    private let multi: UnsafeMutableRawPointer
    private let stopped = Mutex<[CheckedContinuation<Void, Never>]?>([])

    /// Read after each wait and before transfers that ended are told: near enough for deadlines and latencies, and free.
    public private(set) var now = MonotonicTime.now
    /// The same moment on the wall clock: milliseconds since 1970.
    public private(set) var wallMilliseconds = WallClock.milliseconds
    let polling: PollerKind
    let descriptors: DescriptorSet
    private(set) var timers = TimerQueue()
    /// What has to be told when the loop ends: sockets, and connections that are being made.
    var dependents: [ObjectIdentifier: () -> Void] = [:]
    let nameChecks = NameChecks()
    private var participants: [any TurnParticipant] = []
    private var transfers = 0
    /// Transfers that were added since the last perform: they have not begun.
    private var added = 0

    /// Connections that were made in different ways do not mix; see `pool(for:)`.
    private var pools: [ConnectionOptions: ConnectionPool] = [:]
    /// When each HTTP connection was made, by its local port. Pages that nobody touches take no memory.
    let connectionTimes: UnsafeMutablePointer<UInt32>
    /// Room for what one read of a socket brings, shared by all sockets of this loop, so that idle ones need none.
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 * 1024, alignment: 16)

    /// - Throws: `CurlLoopError` if libcurl or the kernel refuses the handles.
    public convenience init(name: String = "footbridge") throws(CurlLoopError) {
        try self.init(name: name, polling: .standard)
    }

    package init(name: String, polling: PollerKind) throws(CurlLoopError) {
        guard CurlGlobal.ready, let multi = curl_multi_init() else {
            throw CurlLoopError("libcurl gave no multi handle")
        }
        self.multi = multi
        guard let times = calloc(1 << 16, MemoryLayout<UInt32>.stride) else { throw CurlLoopError("no memory") }
        connectionTimes = times.assumingMemoryBound(to: UInt32.self)
        self.polling = polling
        descriptors = try DescriptorSet(polling)
        _ = footbridge_multi_set_long(multi, CURLMOPT_MAXCONNECTS, keptConnections)
        _ = footbridge_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        self.name = name
        try startThread()
    }

    deinit {
        if ExitGate.enter() {
            curl_multi_cleanup(multi)
            ExitGate.leave()
        }
        scratch.deallocate()
        free(connectionTimes)
    }

    private func startThread() throws(CurlLoopError) {
        do throws(SystemFailure) {
            try DetachedThread.start { self.run() }
        } catch {
            throw CurlLoopError("no thread: \(String(cString: strerror(error.code)))")
        }
    }

    // MARK: - From any thread

    /// Whether the caller runs on this loop's thread.
    public var isCurrent: Bool { threadID.load(ordering: .relaxed) == footbridge_current_thread() }

    /// Runs `body` on the loop, soon. After `stop` it is dropped, and the answer is `false`.
    @discardableResult
    public func post(_ body: @escaping @Sendable () -> Void) -> Bool { accept(.call(body)) }

    public func enqueue(_ job: consuming ExecutorJob) { accept(.job(UnownedJob(job))) }

    /// - Returns: `false` after the end: then others have to run it.
    func enqueue(_ job: UnownedJob, of executor: UnownedTaskExecutor) -> Bool { accept(.task(job, executor)) }

    @discardableResult
    private func accept(_ work: Work) -> Bool {
        enum Next { case wake, drain, none, refuse }
        let next = inbox.withLock { inbox -> Next in
            if inbox.hasEnded {
                guard case .job = work else { return .refuse }
            }
            inbox.work.append(work)
            guard inbox.hasEnded else { return inbox.work.count == 1 ? .wake : .none }
            guard inbox.drained == nil else { return .none }
            inbox.drained = self
            return .drain
        }
        switch next {
        case .wake: if !isCurrent { curl_multi_wakeup(multi) }
        case .drain: drain()
        case .none: break
        case .refuse: return false
        }
        return true
    }

    /// The thread has ended, but an actor's job has to run somewhere, or whoever waits for it waits for ever: the caller
    /// stands in for the loop.
    private func drain() {
        let ownThread = footbridge_current_thread()
        var itself: CurlLoop?
        while let item = inbox.withLock({ inbox -> Work? in
            if inbox.work.isEmpty { swap(&itself, &inbox.drained) }
            return inbox.work.isEmpty ? nil : inbox.work.removeFirst()
        }) {
            threadID.store(ownThread, ordering: .relaxed)
            run(item)
            threadID.store(0, ordering: .relaxed)
        }
        withExtendedLifetime(itself) {}
    }

    public func checkIsolated() { precondition(isCurrent, "not on the thread of the loop") }

    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Ends the thread after the work that is queued. Transfers under way are dropped: drain first.
    public func stop() async {
        inbox.withLock { $0.stopping = true }
        curl_multi_wakeup(multi)
        await withCheckedContinuation { continuation in
            let ended = stopped.withLock { waiting in
                waiting?.append(continuation)
                return waiting == nil
            }
            if ended { continuation.resume() }
        }
    }

    // MARK: - On the loop

    /// Whether the thread has ended: an actor's job may still run, on the thread of whoever waits for it.
    var hasStopped: Bool { inbox.withLock(\.hasEnded) }
    /// How many idle connections are kept at most: as many as there may be requests at a time, or a burst closes what the
    /// next one needs. (By default 7.88.1 keeps four per request that is under way *now*.)
    public var keptConnections = 1024 {
        didSet { _ = footbridge_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, keptConnections)) }
    }

    /// Whether other threads have asked for something that has not run yet.
    var hasWork: Bool { inbox.withLock { !$0.work.isEmpty } }

    /// Calls `body` once, after `delay`, unless cancelled.
    @discardableResult
    public func schedule(after delay: Duration, _ body: @escaping () -> Void) -> LoopTimer {
        timers.add(at: MonotonicTime.now + delay, body)
    }

    public func cancel(_ timer: LoopTimer) { timers.cancel(timer) }

    /// Has `endTurn` called before the loop performs or waits; once, however often it is asked for.
    public func atEndOfTurn(_ participant: any TurnParticipant) {
        guard !participant.isAwaitingEndOfTurn else { return }
        participant.isAwaitingEndOfTurn = true
        participants.append(participant)
    }

    /// Where handles with these options keep their connections: CURLOPT_SHARE; `nil` for the multi handle's own pool, which
    /// those have that come first.
    ///
    /// 7.88.1 compares most options of TLS before it takes a kept connection, but not the key (CVE-2026-8932), and knows
    /// nothing of the addresses that one handle may connect to and another may not.
    func pool(for options: ConnectionOptions) -> UnsafeMutableRawPointer? {
        if let known = pools[options] { return known.share }
        let pool = pools.isEmpty ? ConnectionPool(share: nil) : ConnectionPool()
        pools[options] = pool
        return pool.share
    }

    func add(_ easy: UnsafeMutableRawPointer) -> Bool {
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else { return false }
        transfers += 1
        added += 1
        return true
    }

    func remove(_ easy: UnsafeMutableRawPointer) {
        if curl_multi_remove_handle(multi, easy) == CURLM_OK { transfers -= 1 }
    }

    // MARK: - The thread

    private func run() {
        threadID.store(footbridge_current_thread(), ordering: .relaxed)
        footbridge_name_thread(name)
        ExitGate.enterOrSleep()
        defer { ExitGate.leave() }
        while true {
            readClocks()
            let stopping = runInbox()
            // What other threads asked for leaves before sockets are read.
            endTurn()
            while let body = timers.takeDue(now) { body() }
            if stopping {
                abandonAll()
                if hasEnded() { break }
            }
            descriptors.dispatch()
            endTurn()
            if transfers > 0 {
                perform()
                endTurn()
            }
            // New transfers begin at once; waiting for descriptors with them costs a poll of all.
            if added > 0 { descriptors.isSignalled = true } else { wait() }
        }
        threadID.store(0, ordering: .relaxed)
        let waiting = stopped.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.forEach { $0.resume() }
    }

    /// The loop ends: sockets fail, so that nobody waits for them for ever, and timers, which may hold the loop, are dropped.
    private func abandonAll() {
        while let tell = dependents.popFirst()?.value { tell() }
        // First out of the queue, then let go: what they held may cancel others.
        let dropped = timers
        timers = TimerQueue()
        withExtendedLifetime(dropped) {}
    }

    /// Ends the loop unless there is work again.
    private func hasEnded() -> Bool {
        inbox.withLock { inbox in
            inbox.hasEnded = inbox.work.isEmpty
            return inbox.hasEnded
        }
    }

    /// Returns whether the loop is to end: asked to, and nothing left to do.
    private func runInbox() -> Bool {
        let (work, stopping) = inbox.withLock { inbox in
            defer { inbox.work.removeAll(keepingCapacity: inbox.work.count < 64) }
            return (inbox.work, inbox.stopping)
        }
        for item in work { run(item) }
        return stopping && work.isEmpty
    }

    private func run(_ work: Work) {
        switch work {
        case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
        case .task(let job, let executor): job.runSynchronously(on: executor)
        case .call(let body): body()
        }
    }

    private func endTurn() {
        var index = 0
        while index < participants.count {
            let participant = participants[index]
            index += 1
            participant.isAwaitingEndOfTurn = false
            participant.endTurn()
        }
        participants.removeAll(keepingCapacity: true)
    }

    private func readClocks() {
        now = .now
        wallMilliseconds = WallClock.milliseconds
    }

    private func perform() {
        var running: Int32 = 0
        added = 0
        curl_multi_perform(multi, &running)
        if Int(running) == transfers { return }
        readClocks()
        var queued: Int32 = 0
        while let message = curl_multi_info_read(multi, &queued) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let code = footbridge_message_result(message)
            remove(easy)
            CurlHandle.finished(easy, code)
        }
    }

    private func wait() {
        var milliseconds: Int32 = 60_000
        if !participants.isEmpty || inbox.withLock({ $0.stopping || !$0.work.isEmpty }) { milliseconds = 0 }
        if let next = timers.next {
            // Rounded up: waking early would only turn the loop for nothing.
            let left = (next.nanoseconds - MonotonicTime.now.nanoseconds + 999_999) / 1_000_000
            milliseconds = Int32(max(0, min(Int64(milliseconds), left)))
        }
        descriptors.isSignalled = descriptors.poller.wait { waited, count in
            ExitGate.whileWaiting { _ = curl_multi_poll(multi, waited, count, milliseconds, nil) }
        }
    }
}

/// Work that waits for the end of a turn, so that a batch is handled once.
public protocol TurnParticipant: AnyObject {
    /// Storage for the loop: whether `endTurn` is already due.
    var isAwaitingEndOfTurn: Bool { get set }
    func endTurn()
}

/// The loop could not be made: too few descriptors, threads or memory.
public struct CurlLoopError: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
