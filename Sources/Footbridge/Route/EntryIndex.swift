internal import RedisStreams

/// Finds a record by its key: a table of record numbers with linear probing, at most four fifths full.
struct KeyIndex {
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

    private static func hash(_ milliseconds: UInt64, _ sequence: UInt64, _ stream: Int) -> Int {
        let key = milliseconds &+ sequence &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(truncatingIfNeeded: stream) << 40
        return Int(truncatingIfNeeded: SplitMix.finalized(key) >> 1)
    }
}

/// Rows that wait, as a binary heap by due time, then by age. Each record knows its place in it.
struct DueHeap {
    private var rows: [UInt32] = []

    var first: UInt32? { rows.first }
    /// Any but the first, if there are others.
    var last: UInt32? { rows.last }

    mutating func push(_ row: UInt32, in records: inout RecordStore) {
        rows.append(row)
        records[row].link = UInt32(rows.count - 1)
        rise(rows.count - 1, &records)
    }

    mutating func remove(_ row: UInt32, in records: inout RecordStore) {
        let place = Int(records[row].link)
        let last = rows.removeLast()
        guard place < rows.count else { return }
        rows[place] = last
        records[last].link = UInt32(place)
        rise(place, &records)
        sink(Int(records[last].link), &records)
    }

    /// In no order.
    var all: [UInt32] { rows }

    /// Moves all due times earlier by as much as makes the last of them `now`, and keeps their order. Visits every row.
    func makeAllDue(_ now: Int64, in records: inout RecordStore) {
        var latest = Int64.min
        for row in rows { latest = max(latest, records[row].due) }
        guard latest > now else { return }
        for row in rows { records[row].due -= latest - now }
    }

    private static func isBefore(_ left: EntryRecord, _ right: EntryRecord) -> Bool {
        (left.due, left.milliseconds, left.sequence) < (right.due, right.milliseconds, right.sequence)
    }

    private mutating func rise(_ start: Int, _ records: inout RecordStore) {
        var place = start
        while place > 0, Self.isBefore(records[rows[place]], records[rows[(place - 1) / 2]]) {
            swap(place, (place - 1) / 2, &records)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(_ start: Int, _ records: inout RecordStore) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < rows.count && Self.isBefore(records[rows[child]], records[rows[least]]) {
                least = child
            }
            guard least != place else { return }
            swap(place, least, &records)
            place = least
        }
    }

    private mutating func swap(_ left: Int, _ right: Int, _ records: inout RecordStore) {
        rows.swapAt(left, right)
        records[rows[left]].link = UInt32(left)
        records[rows[right]].link = UInt32(right)
    }
}
