internal import DequeModule
internal import FootbridgeCurl
internal import RedisStreams

/// An entry of one of a route's streams.
struct EntryKey: Hashable {
    /// Place in the route's list of streams.
    let stream: Int
    let id: EntryID
}

/// Every entry that a route holds on one worker, each in exactly one place, from the reply that brought it until Redis
/// has confirmed its end.
///
/// ```
///            ┌────────── fetching ◀─ due ─┐
///            ▼                            │
///  read ─▶ queued ─▶ in flight ─▶ waiting ┘
///    ▲                   ├─▶ doubted ─┐
///  blocked, parked       └────────────┴▶ settling ─▶ (gone)
/// ```
/// Where entries of one key are kept in order, those behind the first of their key are blocked, or parked without their bodies.
/// They go on when all before them have gone.
///
/// Knows nothing of Redis, HTTP or policy. A waiting entry takes 48 bytes, and some 12 more to be found by its key and by
/// its due time (`EntryTableTests` measures a million). All moves take O(1) or O(log waiting).
struct EntryTable: ~Copyable {
    enum Place: UInt8, CaseIterable {
        case free
        /// Its body is here, and it waits for a free slot.
        case queued
        /// A request is under way.
        case inFlight
        /// Its body is here, and it shows soon what becomes of it: it may be given up (`Verdict.judgeLater`), or is sent in a
        /// smaller batch (`Batches`).
        case doubted
        /// Until its next attempt is due. Its body is not kept.
        case waiting
        /// It is due, and its body is on its way from Redis.
        case fetching
        /// Its end was decided, and Redis has not confirmed it yet.
        case settling
        /// Its body is here, and an earlier entry of its key is not settled.
        case blocked
        /// The same without its body.
        case parked
    }

    /// Names an entry while it is in the table; another entry may get the same row later.
    struct Row: Hashable {
        let index: UInt32
    }

    private static let hasBody: UInt8 = 1
    private static let isRepeat: UInt8 = 2
    private static let isUncounted: UInt8 = 4
    private static let isDoomed: UInt8 = 8
    private static let mayBeSettled: UInt8 = 16

    private var records = RecordStore()
    private var index = KeyIndex()
    /// Those that wait.
    private var heap = DueHeap()
    private var bodies: [EntryFields?] = []
    private var freeBodies: [UInt32] = []
    /// Fresh entries and repeats, each in the order they came: neither waits for the other's backlog.
    private var fresh = Deque<Row>()
    private var repeats = Deque<Row>()
    private var isRepeatNext = false
    private var counts = [Int](repeating: 0, count: Place.allCases.count)
    private var streamCounts: [Int]
    private var settlingCounts: [Int]
    private(set) var repeatsInFlight = 0
    /// Of each row, for routes with many endpoints: which one. Empty for others.
    private var endpoints: [UInt32] = []
    private let hasEndpoints: Bool
    private let lookahead: Int
    /// `nil` where there is no order.
    private var lanes: Lanes?
    /// Those that are blocked, in the order they came; some of them may be so no longer.
    private var blocked = Deque<Row>()

    /// - Parameters:
    ///   - hasEndpoints: whether `setEndpoint` will be called.
    ///   - isOrdered: whether entries may have a lane.
    ///   - lookahead: so many of a lane are fetched together.
    init(streams: Int, hasEndpoints: Bool = false, isOrdered: Bool = false, lookahead: Int = 1) {
        self.lookahead = lookahead
        lanes = isOrdered ? Lanes() : nil
        self.hasEndpoints = hasEndpoints
        streamCounts = Array(repeating: 0, count: streams)
        settlingCounts = streamCounts
    }

    // MARK: - Questions

    func count(_ place: Place) -> Int { counts[Int(place.rawValue)] }
    /// Whose bodies are here or on their way, or whose end is not confirmed: what bounds memory and duplicates.
    var busy: Int { index.count - bodiless }
    /// Those that wait without their bodies, for whatever it is.
    var bodiless: Int { count(.waiting) + count(.parked) }
    /// All, the waiting ones included.
    var count: Int { index.count }
    func count(of stream: Int) -> Int { streamCounts[stream] }
    var queuedRepeats: Int { repeats.count }
    var queuedFresh: Int { fresh.count }
    /// The one of them that is next.
    func firstQueued(isRepeat: Bool) -> Row? { isRepeat ? repeats.first : fresh.first }

    func row(of key: EntryKey) -> Row? {
        index.find(key, in: records).map(Row.init)
    }
    func contains(_ key: EntryKey) -> Bool { index.find(key, in: records) != nil }
    func place(of key: EntryKey) -> Place { row(of: key).map { place($0) } ?? .free }

    /// Also of a row that somebody remembers: what was there may have left, and the memory may have gone back.
    func place(_ row: Row) -> Place { row.index < records.capacity ? records[row.index].place : .free }
    func key(_ row: Row) -> EntryKey { records[row.index].key }
    /// Attempts that were begun, the one under way included.
    func attempts(_ row: Row) -> Int { Int(records[row.index].attempts) }
    /// Those of them that count against `retry.attempts`.
    func charged(_ row: Row) -> Int { max(0, attempts(row) - records[row.index].uncharged) }
    /// When the first attempt began; milliseconds since 1970, 0 before it.
    func firstAt(_ row: Row) -> Int64 { records[row.index].firstAt }
    /// What it remembers of its failures.
    func mark(_ row: Row) -> RefusalMark { records[row.index].mark }
    func due(_ row: Row) -> MonotonicTime { MonotonicTime(nanoseconds: records[row.index].due) }
    /// Whether Redis has not been told of its attempts yet.
    func isUncounted(_ row: Row) -> Bool { records[row.index].flags & Self.isUncounted != 0 }

    /// Whether nothing of its key stands before it.
    func isFirst(_ row: Row) -> Bool { lanes?.isFirst(row.index) ?? true }
    /// The next of its key.
    func follower(_ row: Row) -> Row? { lanes?.next(after: row.index).map(Row.init) }
    /// The one of its key that stands before it.
    func predecessor(_ row: Row) -> Row? { lanes?.previous(before: row.index).map(Row.init) }
    /// How many of its key are held.
    func laneLength(_ row: Row) -> Int { lanes?.count(with: row.index) ?? 1 }
    /// Keys of which something is held.
    var laneCount: Int { lanes?.count ?? 0 }

    /// Whether it waits for nothing but its dead letter, which cannot be written now.
    func isDoomed(_ row: Row) -> Bool { records[row.index].flags & Self.isDoomed != 0 }

    /// The endpoint that an entry goes to, if that is known.
    func endpoint(_ row: Row) -> UInt32? {
        Int(row.index) < endpoints.count && endpoints[Int(row.index)] != .max ? endpoints[Int(row.index)] : nil
    }

    /// The body of an entry that is queued or in flight.
    func fields(_ row: Row) -> EntryFields? {
        let record = records[row.index]
        return record.flags & Self.hasBody != 0 ? bodies[Int(record.link)] : nil
    }

    /// How many wait for when; visits every waiting entry.
    func dueCounts(now: MonotonicTime) -> DueCounts {
        var counts = DueCounts()
        let limits = DueCounts.limits.map { now.nanoseconds + Int64($0) * 1_000_000_000 }
        let unlimited = (now + Repeats.unlimited / 2).nanoseconds
        for row in heap.all {
            let due = records[row].due
            if due > unlimited {
                counts.forEndpoint += 1
            } else {
                counts.counts[limits.firstIndex { due <= $0 } ?? limits.count] += 1
            }
        }
        return counts
    }

    /// Those that are due first, in that order; visits every waiting entry.
    func dueFirst(_ limit: Int) -> [Row] {
        // As many as are wanted are few, and kept sorted.
        var first: [UInt32] = []
        let isBefore = { [records] (left: UInt32, right: UInt32) in
            (records[left].due, records[left].key.id) < (records[right].due, records[right].key.id)
        }
        for row in heap.all {
            if first.count == limit, let last = first.last, !isBefore(row, last) { continue }
            var (low, high) = (0, first.count)
            while low < high {
                let middle = (low + high) / 2
                if isBefore(first[middle], row) { low = middle + 1 } else { high = middle }
            }
            first.insert(row, at: low)
            if first.count > limit { first.removeLast() }
        }
        return first.map(Row.init)
    }

    /// All that wait, in no order.
    var waiting: [Row] { heap.all.map(Row.init) }

    var nextDue: MonotonicTime? { heap.first.map { MonotonicTime(nanoseconds: records[$0].due) } }

    /// All entries of one stream whose end is not decided, or is a dead letter that is still to be written, with their
    /// attempts; visits every record.
    func unsettled(of stream: Int) -> [(key: EntryKey, attempts: Int)] {
        rows { $0.stream == UInt16(stream) && $0.place != .free && $0.place != .settling }
            .map { (key($0), attempts($0)) }
    }

    /// Entries of one stream with which nothing is under way; visits every record.
    func resting(of stream: Int) -> [EntryID] {
        rows { $0.stream == UInt16(stream) && $0.place.isRest }.map { key($0).id }
    }

    /// Entries of one stream that may have been settled by a command whose answer was lost; visits every record.
    func maybeSettled(of stream: Int) -> [EntryID] {
        rows { $0.stream == UInt16(stream) && $0.flags & Self.mayBeSettled != 0 && $0.place != .free }
            .map { key($0).id }
    }

    /// Entries of one stream that are under way, on one way or another; visits every record.
    func underWay(of stream: Int) -> [EntryID] {
        rows { $0.stream == UInt16(stream) && [.inFlight, .doubted, .fetching].contains($0.place) }.map { key($0).id }
    }

    /// How many of a stream are not being settled.
    func unsettledCount(of stream: Int) -> Int { streamCounts[stream] - settlingCounts[stream] }

    /// How many of a stream are being settled.
    func settlingCount(of stream: Int) -> Int { settlingCounts[stream] }

    private func rows(where isWanted: (EntryRecord) -> Bool) -> [Row] {
        (0..<UInt32(records.capacity)).filter { isWanted(records[$0]) }.map(Row.init)
    }

    // MARK: - Coming

    /// A fresh entry; `nil` if it is here already.
    ///
    /// - Parameter lane: what entries of its key have in common; `nil` if it has none.
    mutating func queue(_ key: EntryKey, _ fields: EntryFields, lane: UInt64? = nil) -> Row? {
        guard let row = insert(key, .queued) else { return nil }
        setBody(fields, row)
        if enter(row, lane) { fresh.append(row) } else { block(row) }
        return row
    }

    /// An entry without its body; `nil` if it is here already.
    @discardableResult
    mutating func wait(
        _ key: EntryKey, due: MonotonicTime, attempts: Int, firstAt: Int64, lane: UInt64? = nil
    ) -> Row? {
        guard let row = insert(key, .waiting) else { return nil }
        records[row.index].attempts = Int32(clamping: attempts)
        records[row.index].firstAt = firstAt
        if enter(row, lane) {
            push(row, due)
        } else {
            records[row.index].due = due.nanoseconds
            move(row, .parked)
        }
        return row
    }

    /// - Returns: whether it is the first of its lane.
    private mutating func enter(_ row: Row, _ lane: UInt64?) -> Bool {
        guard let lane, lanes != nil else { return true }
        let id = records[row.index].key.id
        return lanes?.enter(row.index, lane, isEarlier: { [records] in id < records[$0].key.id }) ?? true
    }

    /// An entry that can only be buried; `nil` if it is here already.
    mutating func settle(_ key: EntryKey, attempts: Int) -> Row? {
        guard let row = insert(key, .settling) else { return nil }
        records[row.index].attempts = Int32(clamping: attempts)
        return row
    }

    private mutating func insert(_ key: EntryKey, _ place: Place) -> Row? {
        guard index.find(key, in: records) == nil else { return nil }
        let row = Row(index: records.take())
        records[row.index] = EntryRecord(
            milliseconds: key.id.milliseconds, sequence: key.id.sequence, stream: UInt16(key.stream), place: place)
        index.insert(row.index, in: records)
        if hasEndpoints { setEndpoint(nil, row) }
        counts[Int(place.rawValue)] += 1
        streamCounts[key.stream] += 1
        if place == .settling { settlingCounts[key.stream] += 1 }
        return row
    }

    // MARK: - Moving

    /// It has its body, and waits for an earlier one of its key.
    mutating func block(_ row: Row) {
        move(row, .blocked)
        // Those that went on are still in it.
        if blocked.count > 2 * count(.blocked) + 64 {
            blocked.removeAll { [records] in records[$0.index].place != .blocked }
        }
        blocked.append(row)
    }

    /// Takes the blocked entry that came last; its body goes.
    mutating func park(_ now: MonotonicTime) -> Row? {
        while let row = blocked.popLast() {
            guard place(row) == .blocked else { continue }
            dropBody(row)
            records[row.index].due = now.nanoseconds
            move(row, .parked)
            return row
        }
        return nil
    }

    /// An entry that was taken for a fetch, and whose turn it is not, waits until it is.
    mutating func parkAgain(_ row: Row) { move(row, .parked) }

    /// Entries of one stream that are queued or blocked wait without their bodies; visits every record. Gives those.
    mutating func setAside(of stream: Int, _ now: MonotonicTime) -> [Row] {
        let found = rows { $0.stream == UInt16(stream) && ($0.place == .queued || $0.place == .blocked) }
        let queued = Set(found.filter { place($0) == .queued })
        if !queued.isEmpty {
            fresh.removeAll { queued.contains($0) }
            repeats.removeAll { queued.contains($0) }
        }
        for row in found {
            if queued.contains(row) {
                wait(row, due: now)
            } else {
                dropBody(row)
                records[row.index].due = now.nanoseconds
                move(row, .parked)
            }
        }
        return found
    }

    /// The one before it has gone.
    private mutating func didAdvance(to row: Row) {
        switch place(row) {
        case .blocked:
            move(row, .queued)
            if records[row.index].attempts > 0 { repeats.append(row) } else { fresh.append(row) }
        case .parked:
            // Some of those behind it come along: their bodies are here when their turn comes.
            var next: Row? = row
            for _ in 0..<lookahead {
                guard let woken = next, place(woken) == .parked else { return }
                move(woken, .waiting)
                heap.push(woken.index, in: &records)
                next = follower(woken)
            }
        default: break
        }
    }

    /// Takes the next queued entry that may go, for `start`; fresh ones and repeats in turn.
    mutating func next(where mayGo: (EntryKey) -> Bool = { _ in true }) -> Row? {
        if let row = pop(isRepeatNext, mayGo) { return row }
        return pop(!isRepeatNext, mayGo)
    }

    /// The same of one kind.
    mutating func next(isRepeat: Bool, where mayGo: (EntryKey) -> Bool) -> Row? { pop(isRepeat, mayGo) }

    /// Takes the fresh entry that came last, if it may go.
    mutating func nextNewest(where mayGo: (EntryKey) -> Bool) -> Row? {
        guard let last = fresh.last, mayGo(records[last.index].key) else { return nil }
        return fresh.popLast()
    }

    private mutating func pop(_ isRepeat: Bool, _ mayGo: (EntryKey) -> Bool) -> Row? {
        let isNext = { [records] (row: Row) in mayGo(records[row.index].key) }
        guard let row = isRepeat ? repeats.removeFirst(where: isNext) : fresh.removeFirst(where: isNext) else {
            return nil
        }
        isRepeatNext = !isRepeat
        return row
    }

    /// Puts an entry that `next` gave back to the front.
    mutating func unpop(_ row: Row) {
        if records[row.index].attempts > 0 { repeats.prepend(row) } else { fresh.prepend(row) }
    }

    /// A request begins; gives the number of the attempt.
    mutating func start(_ row: Row, wall: Int64) -> Int {
        let number = records[row.index].attempts &+ 1
        records[row.index].attempts = number
        if records[row.index].firstAt == 0 { records[row.index].firstAt = wall }
        if number > 1 {
            records[row.index].flags |= Self.isRepeat
            repeatsInFlight += 1
        }
        move(row, .inFlight)
        return Int(number)
    }

    /// The request under way is made once more, as an attempt of its own; gives its number.
    mutating func startAgain(_ row: Row) -> Int {
        records[row.index].attempts &+= 1
        if records[row.index].flags & Self.isRepeat == 0 {
            records[row.index].flags |= Self.isRepeat
            repeatsInFlight += 1
        }
        return Int(records[row.index].attempts)
    }

    /// It is not clear yet what becomes of it.
    ///
    /// - Parameter isCharged: whether the attempt that ended counts against `retry.attempts`.
    mutating func doubt(_ row: Row, isCharged: Bool = true) {
        didEnd(row, isCharged: isCharged)
        move(row, .doubted)
    }

    /// It waits for another attempt; its body goes.
    ///
    /// - Parameter isCharged: whether the attempt that ended counts against `retry.attempts`.
    mutating func wait(_ row: Row, due: MonotonicTime, isCharged: Bool = true) {
        dropBody(row)
        didEnd(row, isCharged: isCharged)
        move(row, .waiting)
        push(row, due)
    }

    private mutating func didEnd(_ row: Row, isCharged: Bool) {
        if !isCharged { records[row.index].uncharged += 1 }
    }

    /// No request was made after all: it is the next one again.
    mutating func takeBack(_ row: Row) {
        records[row.index].attempts -= 1
        guard isFirst(row) else { return block(row) }
        move(row, .queued)
        unpop(row)
    }

    /// Takes the entry that is due first for fetching its body, if it is due.
    mutating func takeDue(_ now: MonotonicTime) -> Row? {
        guard let first = heap.first, records[first].due <= now.nanoseconds else { return nil }
        return takeFirst()
    }

    /// What waits goes now, in the order it would have. Visits every waiting entry.
    mutating func makeAllDue(_ now: MonotonicTime) { heap.makeAllDue(now.nanoseconds, in: &records) }

    /// Takes the entry that is due first, whether it is due or not; if it may not go, one of the others.
    mutating func takeFirst(where mayGo: (EntryKey) -> Bool = { _ in true }) -> Row? {
        guard let first = heap.first, let last = heap.last else { return nil }
        let row = Row(index: mayGo(records[first].key) ? first : last)
        heap.remove(row.index, in: &records)
        records[row.index].flags &= ~Self.isUncounted
        move(row, .fetching)
        return row
    }

    /// It may be settled: the answer that would have said so was lost.
    mutating func setMayBeSettled(_ row: Row) { records[row.index].flags |= Self.mayBeSettled }

    /// Its body has come, so it is pending still.
    mutating func queueAgain(_ row: Row, _ fields: EntryFields) {
        records[row.index].flags &= ~Self.mayBeSettled
        setBody(fields, row)
        guard isFirst(row) else { return block(row) }
        move(row, .queued)
        if records[row.index].attempts > 0 { repeats.append(row) } else { fresh.append(row) }
    }

    /// Its end is decided; its body goes.
    mutating func settle(_ row: Row) {
        if place(row) == .waiting { heap.remove(row.index, in: &records) }
        dropBody(row)
        move(row, .settling)
    }

    /// Its attempts have to be written, or have been.
    mutating func setUncounted(_ row: Row, _ isUncounted: Bool) {
        if isUncounted {
            records[row.index].flags |= Self.isUncounted
        } else {
            records[row.index].flags &= ~Self.isUncounted
        }
    }

    /// Its dead letter cannot be written: it waits for that, without its body.
    mutating func postpone(_ row: Row, due: MonotonicTime) {
        records[row.index].flags |= Self.isDoomed
        move(row, .waiting)
        push(row, due)
    }

    /// It waits for that letter no longer.
    mutating func spare(_ row: Row) { records[row.index].flags &= ~Self.isDoomed }

    mutating func setMark(_ mark: RefusalMark, _ row: Row) { records[row.index].mark = mark }

    mutating func setEndpoint(_ endpoint: UInt32?, _ row: Row) {
        while endpoints.count <= Int(row.index) { endpoints.append(.max) }
        endpoints[Int(row.index)] = endpoint ?? .max
    }

    /// An entry that waits does so until another time.
    mutating func setDue(_ row: Row, _ due: MonotonicTime) {
        heap.remove(row.index, in: &records)
        push(row, due)
    }

    private mutating func move(_ row: Row, _ place: Place) {
        let old = records[row.index].place
        if old == .inFlight, records[row.index].flags & Self.isRepeat != 0 {
            repeatsInFlight -= 1
            records[row.index].flags &= ~Self.isRepeat
        }
        counts[Int(old.rawValue)] -= 1
        counts[Int(place.rawValue)] += 1
        let stream = Int(records[row.index].stream)
        if old == .settling { settlingCounts[stream] -= 1 }
        if place == .settling { settlingCounts[stream] += 1 }
        records[row.index].place = place
    }

    // MARK: - Leaving

    /// Redis has confirmed its end, or it is another's.
    mutating func remove(_ row: Row) {
        switch place(row) {
        case .waiting: heap.remove(row.index, in: &records)
        case .queued: unlist(row)
        default: break
        }
        discard(row)
    }

    private mutating func unlist(_ row: Row) {
        fresh.removeAll { $0 == row }
        repeats.removeAll { $0 == row }
    }

    /// Removes those of a stream with which nothing is under way and that `isWanted`; visits every record. Gives their number.
    mutating func removeResting(of stream: Int, where isWanted: (EntryID) -> Bool) -> Int {
        let removed = rows { $0.stream == UInt16(stream) && $0.place.isRest && isWanted($0.key.id) }
        guard !removed.isEmpty else { return 0 }
        let queued = Set(removed.filter { place($0) == .queued })
        if !queued.isEmpty {
            fresh.removeAll { queued.contains($0) }
            repeats.removeAll { queued.contains($0) }
        }
        // From the last one on: what stands before it goes, too, and need not be made the first.
        for row in removed.sorted(by: { key($0).id > key($1).id }) {
            if place(row) == .waiting { heap.remove(row.index, in: &records) }
            if place(row) == .queued, !queued.contains(row) { unlist(row) }
            discard(row)
        }
        return removed.count
    }

    private mutating func discard(_ row: Row) {
        dropBody(row)
        move(row, .free)
        counts[Int(Place.free.rawValue)] = 0
        streamCounts[Int(records[row.index].stream)] -= 1
        index.remove(row.index, in: records)
        records.giveBack(row.index)
        if let next = lanes?.leave(row.index) { didAdvance(to: Row(index: next)) }
        guard index.count == 0, records.capacity > 4 * RecordStore.chunk else { return }
        // After a backlog the memory goes back.
        records = RecordStore()
        index = KeyIndex()
        heap = DueHeap()
        if lanes != nil { lanes = Lanes() }
        blocked = []
    }

    // MARK: - Bodies

    private mutating func setBody(_ fields: EntryFields, _ row: Row) {
        if let place = freeBodies.popLast() {
            bodies[Int(place)] = fields
            records[row.index].link = place
        } else {
            records[row.index].link = UInt32(bodies.count)
            bodies.append(fields)
        }
        records[row.index].flags |= Self.hasBody
    }

    private mutating func dropBody(_ row: Row) {
        guard records[row.index].flags & Self.hasBody != 0 else { return }
        records[row.index].flags &= ~Self.hasBody
        bodies[Int(records[row.index].link)] = nil
        freeBodies.append(records[row.index].link)
    }

    private mutating func push(_ row: Row, _ due: MonotonicTime) {
        records[row.index].due = due.nanoseconds
        heap.push(row.index, in: &records)
    }
}

extension EntryTable.Place {
    /// Nothing is under way with an entry there, so that it can be let go of.
    var isRest: Bool { self == .waiting || self == .queued || self == .blocked || self == .parked }
}

extension Deque {
    fileprivate mutating func removeFirst(where isWanted: (Element) -> Bool) -> Element? {
        guard let index = firstIndex(where: isWanted) else { return nil }
        return index == startIndex ? popFirst() : remove(at: index)
    }
}
