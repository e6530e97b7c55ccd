internal import DequeModule
internal import FootbridgeCurl
internal import HeapModule

/// An entry of one of a worker's streams.
struct WorkKey: Hashable, Sendable {
    let stream: Int
    let id: EntryID
}

/// Every entry that a worker holds, each in exactly one place. Knows nothing of Redis, and reads no clock.
struct WorkTable {
    enum State: Equatable {
        /// Its handler may begin.
        case ready
        case running
        /// Another of its key comes first.
        case blocked
        /// It is due at this time.
        case waiting(until: MonotonicTime)
        /// It is due, and its fields are to be fetched, or being fetched.
        case fetching
        /// Its attempt has failed, and the count is being written.
        case counting
        /// It was handled or given up; Redis is being told.
        case settling
    }

    struct Row {
        var state: State
        /// Attempts that were begun.
        var begun: Int
        /// When its idle time began, as far as we know.
        var touchedAt: MonotonicTime
        var lane: String?
        /// Only while it is ready, or blocked by one that is or that runs: whoever handles it has it then.
        var message: Message?
        /// Its handler goes on, though it is another's.
        var isLost = false
        /// Which runner handles it.
        var runner = 0
    }

    private struct Due: Comparable {
        let at: MonotonicTime
        let key: WorkKey

        static func < (left: Due, right: Due) -> Bool { left.at < right.at }
        static func == (left: Due, right: Due) -> Bool { left.at == right.at && left.key == right.key }
    }

    private(set) var rows: [WorkKey: Row] = [:]
    private var ready: Deque<WorkKey> = []
    private var waiting = Heap<Due>()
    /// Entries of a key in their order; the first is the one whose turn it is.
    private var lanes: [String: [WorkKey]] = [:]
    /// To be fetched, by stream.
    private(set) var due: [Int: [WorkKey]] = [:]
    /// Entries in memory with their fields, or on their way out.
    private(set) var occupied = 0
    /// Of each stream.
    private var occupiedOf: [Int]
    private(set) var running = 0

    init(streams: Int) { occupiedOf = Array(repeating: 0, count: streams) }

    func occupied(of stream: Int) -> Int { occupiedOf[stream] }

    private mutating func occupy(_ stream: Int, _ difference: Int) {
        occupied += difference
        occupiedOf[stream] += difference
    }

    /// Entries that wait without their fields.
    var parked: Int { rows.count - occupied }
    var hasReady: Bool { !ready.isEmpty }
    var soonest: MonotonicTime? { waiting.min?.at }

    private static func occupies(_ row: Row) -> Bool {
        row.message != nil || row.state == .settling || row.state == .running
    }

    /// Changes a row and keeps the account of what is in memory.
    private mutating func change(_ key: WorkKey, _ body: (inout Row) -> Void) {
        guard let index = rows.index(forKey: key) else { return }
        let before = Self.occupies(rows.values[index])
        body(&rows.values[index])
        let after = Self.occupies(rows.values[index])
        if before != after { occupy(key.stream, after ? 1 : -1) }
    }

    // MARK: - In

    /// An entry that was read.
    mutating func add(_ message: Message, _ key: WorkKey, lane: String?, at now: MonotonicTime) {
        guard rows[key] == nil else { return }
        var row = Row(state: .ready, begun: 0, touchedAt: now, lane: lane, message: message)
        if let lane, !enter(lane, key) {
            row.state = .blocked
            // Behind one that waits it may take long.
            if let first = lanes[lane]?.first.flatMap({ rows[$0] }), first.message == nil, first.state != .running {
                row.message = nil
            }
        }
        rows[key] = row
        if row.message != nil { occupy(key.stream, 1) }
        if row.state == .ready { ready.append(key) }
    }

    /// An entry that was begun by another process, or by this one in an earlier life.
    mutating func adopt(_ key: WorkKey, begun: Int, due: MonotonicTime, lane: String?, at now: MonotonicTime) {
        guard rows[key] == nil else { return }
        let isFirst = lane.map { enter($0, key) } ?? true
        rows[key] = Row(
            state: isFirst ? .waiting(until: due) : .blocked, begun: begun, touchedAt: now, lane: lane)
        if isFirst { waiting.insert(Due(at: due, key: key)) }
    }

    /// - Returns: whether it is the first. One that is at work stays so, whatever comes.
    private mutating func enter(_ lane: String, _ key: WorkKey) -> Bool {
        var keys = lanes[lane] ?? []
        var place = keys.count
        while place > 1, keys[place - 1].stream == key.stream, keys[place - 1].id > key.id { place -= 1 }
        keys.insert(key, at: place)
        lanes[lane] = keys
        return place == 0
    }

    // MARK: - Through

    /// Takes the first message that is ready, of the streams of which something may begin.
    mutating func start(runner: Int, where mayBegin: (_ stream: Int) -> Bool) -> (key: WorkKey, message: Message)? {
        var place = ready.startIndex
        while place < ready.endIndex {
            let key = ready[place]
            guard let index = rows.index(forKey: key), rows.values[index].state == .ready,
                let message = rows.values[index].message
            else {
                ready.remove(at: place)
                continue
            }
            guard mayBegin(key.stream) else {
                place += 1
                continue
            }
            ready.remove(at: place)
            rows.values[index].message = nil
            rows.values[index].state = .running
            rows.values[index].begun += 1
            rows.values[index].runner = runner
            running += 1
            return (key, message)
        }
        return nil
    }

    /// The handler of an entry has ended.
    ///
    /// - Parameter state: `settling`, or `counting`.
    /// - Returns: whether it was running here.
    mutating func end(_ key: WorkKey, _ state: State) -> Bool {
        guard let index = rows.index(forKey: key), rows.values[index].state == .running else { return false }
        running -= 1
        rows.values[index].state = state
        if state != .settling { occupy(key.stream, -1) }
        guard let lane = rows.values[index].lane else { return true }
        if state == .settling {
            leaveLane(lane, key)
        } else {
            // Those behind it may wait for long.
            for other in lanes[lane] ?? [] where other != key { change(other) { $0.message = nil } }
        }
        return true
    }

    /// So many attempts count.
    mutating func setBegun(_ key: WorkKey, _ attempts: Int) { change(key) { $0.begun = attempts } }

    /// Its count is written: it waits.
    mutating func wait(_ key: WorkKey, until due: MonotonicTime) {
        guard let row = rows[key], row.state == .counting || row.state == .fetching else { return }
        change(key) { $0.state = .waiting(until: due) }
        waiting.insert(Due(at: due, key: key))
    }

    /// What is due by now is to be fetched.
    mutating func collectDue(at now: MonotonicTime) {
        while let next = waiting.min, next.at <= now {
            waiting.removeMin()
            guard let row = rows[next.key], row.state == .waiting(until: next.at) else { continue }
            rows[next.key]?.state = .fetching
            due[next.key.stream, default: []].append(next.key)
        }
    }

    mutating func takeDue(_ stream: Int, count: Int) -> [(id: EntryID, attempt: Int)] {
        guard count > 0, let keys = due[stream], !keys.isEmpty else { return [] }
        due[stream] = Array(keys.dropFirst(count))
        return keys.prefix(count).compactMap { key in
            rows[key].flatMap { $0.state == .fetching ? (key.id, $0.begun + 1) : nil }
        }
    }

    mutating func putBackDue(_ keys: [WorkKey]) {
        for key in keys where rows[key]?.state == .fetching { due[key.stream, default: []].append(key) }
    }

    mutating func didFetch(_ key: WorkKey, _ message: Message, at now: MonotonicTime) {
        guard rows[key]?.state == .fetching else { return }
        change(key) {
            $0.state = .ready
            $0.message = message
            $0.touchedAt = now
        }
        ready.append(key)
    }

    /// An entry that rests, or is being fetched, is given up.
    mutating func giveUp(_ key: WorkKey) {
        guard let row = rows[key], row.state != .settling, row.state != .running else { return }
        change(key) {
            $0.state = .settling
            $0.message = nil
        }
        leaveLane(row.lane, key)
    }

    mutating func touch(_ key: WorkKey, at now: MonotonicTime) { rows[key]?.touchedAt = now }
    mutating func lose(_ key: WorkKey) { rows[key]?.isLost = true }

    // MARK: - Out

    @discardableResult
    mutating func remove(_ key: WorkKey) -> Row? {
        guard let row = rows.removeValue(forKey: key) else { return nil }
        if Self.occupies(row) { occupy(key.stream, -1) }
        if row.state == .running { running -= 1 }
        if row.state != .settling { leaveLane(row.lane, key) }
        return row
    }

    private mutating func leaveLane(_ lane: String?, _ key: WorkKey) {
        guard let lane, var keys = lanes[lane], let place = keys.firstIndex(of: key) else { return }
        keys.remove(at: place)
        lanes[lane] = keys.isEmpty ? nil : keys
        guard place == 0, let next = keys.first, let row = rows[next], row.state == .blocked else { return }
        if row.message != nil {
            rows[next]?.state = .ready
            ready.append(next)
        } else {
            rows[next]?.state = .fetching
            due[next.stream, default: []].append(next)
        }
    }
}
