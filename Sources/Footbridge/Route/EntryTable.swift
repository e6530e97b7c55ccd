internal import Curl
internal import DequeModule
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
///                        ├─▶ doubted ─┐
///                        └────────────┴▶ settling ─▶ (gone)
/// ```
/// Knows nothing of Redis, HTTP or policy. A waiting entry takes 48 bytes, and some 12 more to be found by its key and by
/// its due time (`EntryTableTests` measures a million). All moves take O(1) or O(log waiting).
struct EntryTable {
    enum Place: UInt8, CaseIterable {
        case free
        /// Its body is here, and it waits for a free slot.
        case queued
        /// A request is under way.
        case inFlight
        /// Its body is here, and it shows soon whether it is given up (`Verdict.judgeLater`).
        case doubted
        /// Until its next attempt is due. Its body is not kept.
        case waiting
        /// It is due, and its body is on its way from Redis.
        case fetching
        /// Its end was decided, and Redis has not confirmed it yet.
        case settling
    }

    /// Names an entry while it is in the table; another entry may get the same row later.
    struct Row: Hashable {
        fileprivate let index: UInt32
    }

    /// What is kept of an entry: 48 bytes.
    fileprivate struct Record {
        var milliseconds: UInt64 = 0
        var sequence: UInt64 = 0
        /// Waiting: when it is due, in nanoseconds of the monotonic clock.
        var due: Int64 = 0
        /// When the first attempt began, in the lower 48 bits; above them, how many attempts were not charged.
        var times: UInt64 = 0
        var attempts: Int32 = 0
        var stream: UInt16 = 0
        var place = Place.free
        var flags: UInt8 = 0
        /// Waiting: its place in the heap. With a body: the body's place. Free: the next free record.
        var link: UInt32 = .max
        var mark = RefusalMark.none
    }

    private static let hasBody: UInt8 = 1
    private static let isRepeat: UInt8 = 2
    private static let isUncounted: UInt8 = 4
    private static let isDoomed: UInt8 = 8

    private var records = RecordStore()
    private var index = KeyIndex()
    /// Rows that wait, as a binary heap by due time, then by age.
    private var heap: [UInt32] = []
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

    init(streams: Int) {
        streamCounts = Array(repeating: 0, count: streams)
        settlingCounts = streamCounts
    }

    // MARK: - Questions

    func count(_ place: Place) -> Int { counts[Int(place.rawValue)] }
    /// Whose bodies are here or on their way, or whose end is not confirmed: what bounds memory and duplicates.
    var busy: Int { index.count - count(.waiting) }
    /// All, the waiting ones included.
    var count: Int { index.count }
    func count(of stream: Int) -> Int { streamCounts[stream] }
    var queuedRepeats: Int { repeats.count }

    func row(of key: EntryKey) -> Row? {
        index.find(key, in: records).map(Row.init)
    }
    func contains(_ key: EntryKey) -> Bool { index.find(key, in: records) != nil }
    func place(of key: EntryKey) -> Place { row(of: key).map { place($0) } ?? .free }

    func place(_ row: Row) -> Place { records[row.index].place }
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

    /// Whether it waits for nothing but its dead letter, which cannot be written now.
    func isDoomed(_ row: Row) -> Bool { records[row.index].flags & Self.isDoomed != 0 }

    /// The body of an entry that is queued or in flight.
    func fields(_ row: Row) -> EntryFields? {
        let record = records[row.index]
        return record.flags & Self.hasBody != 0 ? bodies[Int(record.link)] : nil
    }

    var nextDue: MonotonicTime? { heap.first.map { MonotonicTime(nanoseconds: records[$0].due) } }

    /// All entries of one stream whose end is not decided, or is a dead letter that is still to be written, with their
    /// attempts; visits every record.
    func unsettled(of stream: Int) -> [(key: EntryKey, attempts: Int)] {
        rows { $0.stream == UInt16(stream) && $0.place != .free && $0.place != .settling }
            .map { (key($0), attempts($0)) }
    }

    /// Entries of one stream that wait or are queued; visits every record.
    func resting(of stream: Int) -> [EntryID] {
        rows { $0.stream == UInt16(stream) && ($0.place == .waiting || $0.place == .queued) }.map { key($0).id }
    }

    /// Entries of one stream that are under way, on one way or another; visits every record.
    func underWay(of stream: Int) -> [EntryID] {
        rows { $0.stream == UInt16(stream) && [.inFlight, .doubted, .fetching].contains($0.place) }.map { key($0).id }
    }

    /// How many of a stream are not being settled.
    func unsettledCount(of stream: Int) -> Int { streamCounts[stream] - settlingCounts[stream] }

    private func rows(where isWanted: (Record) -> Bool) -> [Row] {
        (0..<UInt32(records.capacity)).filter { isWanted(records[$0]) }.map(Row.init)
    }

    // MARK: - Coming

    /// A fresh entry; `nil` if it is here already.
    mutating func queue(_ key: EntryKey, _ fields: EntryFields) -> Row? {
        guard let row = insert(key, .queued) else { return nil }
        setBody(fields, row)
        fresh.append(row)
        return row
    }

    /// An entry without its body; `nil` if it is here already.
    @discardableResult
    mutating func wait(_ key: EntryKey, due: MonotonicTime, attempts: Int, firstAt: Int64) -> Row? {
        guard let row = insert(key, .waiting) else { return nil }
        records[row.index].attempts = Int32(clamping: attempts)
        records[row.index].firstAt = firstAt
        push(row, due)
        return row
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
        records[row.index] = Record(
            milliseconds: key.id.milliseconds, sequence: key.id.sequence, stream: UInt16(key.stream), place: place)
        index.insert(row.index, in: records)
        counts[Int(place.rawValue)] += 1
        streamCounts[key.stream] += 1
        if place == .settling { settlingCounts[key.stream] += 1 }
        return row
    }

    // MARK: - Moving

    /// Takes the next queued entry that may go, for `start`; fresh ones and repeats in turn.
    mutating func next(where mayGo: (EntryKey) -> Bool = { _ in true }) -> Row? {
        if let row = pop(isRepeatNext, mayGo) { return row }
        return pop(!isRepeatNext, mayGo)
    }

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
    mutating func doubt(_ row: Row) { move(row, .doubted) }

    /// It waits for another attempt; its body goes.
    ///
    /// - Parameter isCharged: whether the attempt that ended counts against `retry.attempts`.
    mutating func wait(_ row: Row, due: MonotonicTime, isCharged: Bool = true) {
        dropBody(row)
        if !isCharged { records[row.index].uncharged += 1 }
        move(row, .waiting)
        push(row, due)
    }

    /// No request was made after all: it is the next one again.
    mutating func takeBack(_ row: Row) {
        records[row.index].attempts -= 1
        move(row, .queued)
        unpop(row)
    }

    /// Takes the entry that is due first for fetching its body, if it is due.
    mutating func takeDue(_ now: MonotonicTime) -> Row? {
        guard let first = heap.first, records[first].due <= now.nanoseconds else { return nil }
        return takeFirst()
    }

    /// Moves all due times earlier by as much as makes the last of them now: what waits goes, in the order it would have.
    /// Visits every waiting entry.
    mutating func makeAllDue(_ now: MonotonicTime) {
        let latest = heap.lazy.map { [records] in records[$0].due }.max() ?? 0
        let shift = latest - now.nanoseconds
        guard shift > 0 else { return }
        for index in heap { records[index].due -= shift }
    }

    /// Takes the entry that is due first, whether it is due or not.
    mutating func takeFirst() -> Row? {
        guard let first = heap.first else { return nil }
        let row = Row(index: first)
        removeFromHeap(row)
        records[row.index].flags &= ~Self.isUncounted
        move(row, .fetching)
        return row
    }

    /// Its body has come.
    mutating func queueAgain(_ row: Row, _ fields: EntryFields) {
        setBody(fields, row)
        move(row, .queued)
        if records[row.index].attempts > 0 { repeats.append(row) } else { fresh.append(row) }
    }

    /// Its end is decided; its body goes.
    mutating func settle(_ row: Row) {
        if place(row) == .waiting { removeFromHeap(row) }
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
        case .waiting: removeFromHeap(row)
        case .queued:
            fresh.removeAll { $0 == row }
            repeats.removeAll { $0 == row }
        default: break
        }
        discard(row)
    }

    /// Removes those of a stream that wait or are queued and that `isWanted`; visits every record. Gives their number.
    mutating func removeResting(of stream: Int, where isWanted: (EntryID) -> Bool) -> Int {
        let removed = rows {
            $0.stream == UInt16(stream) && ($0.place == .waiting || $0.place == .queued) && isWanted($0.key.id)
        }
        guard !removed.isEmpty else { return 0 }
        let queued = Set(removed.filter { place($0) == .queued })
        if !queued.isEmpty {
            fresh.removeAll { queued.contains($0) }
            repeats.removeAll { queued.contains($0) }
        }
        for row in removed {
            if place(row) == .waiting { removeFromHeap(row) }
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
        guard index.count == 0, records.capacity > 4 * RecordStore.chunk else { return }
        // After a backlog the memory goes back.
        records = RecordStore()
        index = KeyIndex()
        heap = []
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

    // MARK: - The heap of those that wait

    private mutating func push(_ row: Row, _ due: MonotonicTime) {
        records[row.index].due = due.nanoseconds
        heap.append(row.index)
        records[row.index].link = UInt32(heap.count - 1)
        rise(heap.count - 1)
    }

    private mutating func removeFromHeap(_ row: Row) {
        let place = Int(records[row.index].link)
        let last = heap.removeLast()
        guard place < heap.count else { return }
        heap[place] = last
        records[last].link = UInt32(place)
        rise(place)
        sink(Int(records[last].link))
    }

    private func isBefore(_ left: UInt32, _ right: UInt32) -> Bool {
        let (left, right) = (records[left], records[right])
        return (left.due, left.milliseconds, left.sequence) < (right.due, right.milliseconds, right.sequence)
    }

    private mutating func rise(_ start: Int) {
        var place = start
        while place > 0, isBefore(heap[place], heap[(place - 1) / 2]) {
            swap(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && isBefore(heap[child], heap[least]) {
                least = child
            }
            guard least != place else { return }
            swap(place, least)
            place = least
        }
    }

    private mutating func swap(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        records[heap[left]].link = UInt32(left)
        records[heap[right]].link = UInt32(right)
    }
}

extension EntryTable.Record {
    var firstAt: Int64 {
        get { Int64(times & 0xffff_ffff_ffff) }
        set { times = times & ~0xffff_ffff_ffff | UInt64(clamping: min(newValue, 0xffff_ffff_ffff)) }
    }
    /// At most 65,535.
    var uncharged: Int {
        get { Int(times >> 48) }
        set { times = times & 0xffff_ffff_ffff | UInt64(clamping: min(newValue, 0xffff)) << 48 }
    }
    var key: EntryKey { EntryKey(stream: Int(stream), id: EntryID(milliseconds: milliseconds, sequence: sequence)) }
}

/// Records in chunks of equal size: growing copies nothing and leaves no half-empty array.
private struct RecordStore {
    static let chunk = 1 << 12

    private var chunks: [ContiguousArray<EntryTable.Record>] = []
    private var firstFree = UInt32.max

    var capacity: Int { chunks.count * Self.chunk }

    subscript(index: UInt32) -> EntryTable.Record {
        get { chunks[Int(index >> 12)][Int(index & 4095)] }
        _modify { yield &chunks[Int(index >> 12)][Int(index & 4095)] }
    }

    /// A record that nobody uses.
    mutating func take() -> UInt32 {
        if firstFree == .max {
            let start = UInt32(capacity)
            chunks.append(ContiguousArray(repeating: EntryTable.Record(), count: Self.chunk))
            for index in (start..<start + UInt32(Self.chunk)).reversed() { giveBack(index) }
        }
        let index = firstFree
        firstFree = self[index].link
        return index
    }

    mutating func giveBack(_ index: UInt32) {
        self[index] = EntryTable.Record(link: firstFree)
        firstFree = index
    }
}

/// Finds a record by its key: a table of record numbers with linear probing, at most four fifths full.
private struct KeyIndex {
    private var slots: [UInt32] = []
    private(set) var count = 0

    func find(_ key: EntryKey, in records: RecordStore) -> UInt32? {
        guard !slots.isEmpty else { return nil }
        var slot = Self.hash(key.id.milliseconds, key.id.sequence, key.stream) & (slots.count - 1)
        while slots[slot] != .max {
            let record = records[slots[slot]]
            if record.milliseconds == key.id.milliseconds, record.sequence == key.id.sequence,
                Int(record.stream) == key.stream
            {
                return slots[slot]
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    mutating func insert(_ number: UInt32, in records: RecordStore) {
        if (count + 1) * 5 > slots.count * 4 { grow(records) }
        place(number, records)
        count += 1
    }

    mutating func remove(_ number: UInt32, in records: RecordStore) {
        let mask = slots.count - 1
        var hole = home(number, records)
        while slots[hole] != number { hole = (hole + 1) & mask }
        count -= 1
        // Those behind it that could stand nearer to where they belong move up.
        var next = (hole + 1) & mask
        while slots[next] != .max {
            let wanted = home(slots[next], records)
            if (next - wanted) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = .max
    }

    private mutating func grow(_ records: RecordStore) {
        let old = slots
        slots = Array(repeating: .max, count: max(64, old.count * 2))
        for number in old where number != .max { place(number, records) }
    }

    private mutating func place(_ number: UInt32, _ records: RecordStore) {
        var slot = home(number, records)
        while slots[slot] != .max { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = number
    }

    private func home(_ number: UInt32, _ records: RecordStore) -> Int {
        let record = records[number]
        return Self.hash(record.milliseconds, record.sequence, Int(record.stream)) & (slots.count - 1)
    }

    /// The finalizer of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
    private static func hash(_ milliseconds: UInt64, _ sequence: UInt64, _ stream: Int) -> Int {
        var mixed = milliseconds &+ sequence &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(truncatingIfNeeded: stream) << 40
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int(truncatingIfNeeded: (mixed ^ mixed >> 31) >> 1)
    }
}

extension Deque {
    fileprivate mutating func removeFirst(where isWanted: (Element) -> Bool) -> Element? {
        guard let index = firstIndex(where: isWanted) else { return nil }
        return index == startIndex ? popFirst() : remove(at: index)
    }
}
